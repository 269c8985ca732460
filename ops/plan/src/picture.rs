//! Picture of a report: limits as bars beside the load, latency as a curve over the load, the bill by service.

use std::collections::BTreeMap;

use cloudwatch_model::dashboard::svg::{Area, Canvas, Theme, short};

use crate::data::Assumptions;
use crate::load::Load;
use crate::report::{Report, grouped, simulated};
use crate::template::Settings;
use crate::work::Work;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 620.0;
const ROW: f64 = 24.0;
const TITLE: f64 = 14.0;
const TEXT: f64 = 12.0;
/// Uploads that each point of the curve simulates.
const SIMULATED: usize = 5_000;
/// Shares of the processors' capacity that the curve has points for.
const SHARES: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// Draws a report as SVG.
#[must_use]
pub fn svg(report: &Report) -> String {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, Theme::Light);
    let half = WIDTH / 2.0;
    let limits = Area { x: 12.0, y: 12.0, width: WIDTH - 24.0, height: 350.0 };
    draw_limits(&mut canvas, limits, report);
    let below = Area { x: 12.0, y: 374.0, width: half - 18.0, height: HEIGHT - 386.0 };
    draw_latency(&mut canvas, below, &report.settings, &report.load, &report.assumed, &report.work);
    draw_bill(&mut canvas, Area { x: half + 6.0, ..below }, report);
    canvas.finish()
}

/// A panel with its title; what is left of it.
fn panel(canvas: &mut Canvas, area: Area, title: &str) -> Area {
    canvas.panel(area);
    canvas.text(area.x + 14.0, area.y + 24.0, title, TITLE, Theme::Light.ink(), "bold");
    area.inset(14.0, 36.0, 14.0, 12.0)
}

/// Bars of a logarithmic length: limits lie orders of magnitude apart.
fn draw_limits(canvas: &mut Canvas, area: Area, report: &Report) {
    let rate = report.load.uploads_per_second;
    let title = format!("Uploads a second that each limit allows; the line is the load, {}", grouped(rate));
    let inner = panel(canvas, area, &title);
    let (label, figure) = (300.0, 90.0);
    let bars = inner.inset(label, 0.0, figure, 0.0);
    let most = report.limits.iter().map(|limit| limit.uploads_per_second).fold(rate, f64::max);
    let least = report.limits.iter().map(|limit| limit.uploads_per_second).fold(rate, f64::min) / 2.0;
    let place = |value: f64| bars.width * (value / least).ln() / (most / least).ln().max(f64::MIN_POSITIVE);
    #[expect(clippy::cast_precision_loss, reason = "few limits")]
    let row = ROW.min(inner.height / report.limits.len().max(1) as f64);
    let mut y = inner.y;
    for limit in &report.limits {
        let fill = if limit.share > 1.0 { Theme::Light.alarm() } else { Theme::series(0) };
        canvas.text(inner.x, y + 15.0, limit.what, TEXT, Theme::Light.ink(), "normal");
        let width = place(limit.uploads_per_second).max(1.0);
        canvas.rect(Area { x: bars.x, y: y + 4.0, width, height: row - 10.0 }, fill, 0.85);
        canvas.text(
            inner.right(),
            y + 15.0,
            &short(limit.uploads_per_second),
            TEXT,
            Theme::Light.faint(),
            "end",
        );
        y += row;
    }
    let x = bars.x + place(rate);
    canvas.line((x, inner.y), (x, y), Theme::Light.ink(), true);
    canvas.end_panel();
}

/// p50 and p99 from upload to DONE over the load, up to nine tenths of what the processors can do.
fn draw_latency(
    canvas: &mut Canvas,
    area: Area,
    settings: &Settings,
    load: &Load,
    assumed: &Assumptions,
    work: &Work,
) {
    let inner =
        panel(canvas, area, "Upload to DONE in ms by uploads a second: p50, p99").inset(44.0, 0.0, 0.0, 18.0);
    #[expect(clippy::cast_precision_loss, reason = "settings are small")]
    let capacity = (settings.max_concurrency * settings.batch_size) as f64
        / (work.batch_ms(settings.batch_size) / 1_000.0);
    let points: Vec<(f64, f64, f64)> = SHARES
        .iter()
        .map(|share| {
            let rate = share * capacity;
            let load = Load { uploads_per_second: rate, simulated: SIMULATED, ..load.clone() };
            let whole = simulated(settings, &load, work, assumed).whole;
            (rate, whole.p50_ms, whole.p99_ms)
        })
        .collect();
    let most = points.iter().map(|(.., p99)| *p99).fold(1.0, f64::max) * 1.05;
    let x = |rate: f64| inner.x + inner.width * rate / capacity;
    let y = |ms: f64| inner.bottom() - inner.height * ms / most;
    for share in [0.0, 0.5, 1.0] {
        let at = y(share * most);
        canvas.line((inner.x, at), (inner.right(), at), Theme::Light.grid(), false);
        canvas.text(
            inner.x - 6.0,
            at + 4.0,
            &short((share * most).round()),
            TEXT,
            Theme::Light.faint(),
            "end",
        );
        let at = inner.x + share * inner.width;
        let figure = short(share * capacity);
        canvas.text(at, inner.bottom() + 16.0, &figure, TEXT, Theme::Light.faint(), "middle");
    }
    let p50: Vec<_> = points.iter().map(|(rate, p50, _)| (x(*rate), y(*p50))).collect();
    let p99: Vec<_> = points.iter().map(|(rate, _, p99)| (x(*rate), y(*p99))).collect();
    canvas.polyline(&p50, Theme::series(0));
    canvas.polyline(&p99, Theme::series(1));
    if load.uploads_per_second <= capacity {
        let at = x(load.uploads_per_second);
        canvas.line((at, inner.y), (at, inner.bottom()), Theme::Light.ink(), true);
    }
    canvas.end_panel();
}

/// Bars by service, the dearest first.
fn draw_bill(canvas: &mut Canvas, area: Area, report: &Report) {
    let title = format!("USD a month: {} in all", grouped(report.bill.usd));
    let inner = panel(canvas, area, &title);
    let mut services = BTreeMap::<&str, f64>::new();
    for line in &report.bill.lines {
        *services.entry(line.service).or_default() += line.usd;
    }
    let mut services: Vec<_> = services.into_iter().collect();
    services.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let most = services.first().map_or(1.0, |(_, usd)| usd.max(f64::MIN_POSITIVE));
    let bars = inner.inset(120.0, 0.0, 90.0, 0.0);
    let height = (inner.height / 10.0).min(ROW);
    let mut y = inner.y;
    for (service, usd) in services {
        canvas.text(inner.x, y + 13.0, service, TEXT, Theme::Light.ink(), "normal");
        let width = (bars.width * usd / most).max(1.0);
        canvas.rect(Area { x: bars.x, y: y + 3.0, width, height: height - 8.0 }, Theme::series(2), 0.85);
        canvas.text(inner.right(), y + 13.0, &grouped(usd), TEXT, Theme::Light.faint(), "end");
        y += height;
    }
    canvas.end_panel();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::MEASURED;
    use crate::template::tests::settings;

    #[test]
    fn the_picture_shows_every_limit_every_service_and_the_load() {
        let load = Load { simulated: 500, ..Load::default() };
        let report = Report::of(settings(&[]), load, MEASURED.assumed.clone());
        let drawn = svg(&report);
        for what in report.limits.iter().map(|limit| limit.what) {
            assert!(drawn.contains(what), "{what}");
        }
        for line in &report.bill.lines {
            assert!(drawn.contains(&format!(">{}<", line.service)), "{}", line.service);
        }
        assert_eq!(drawn.matches("<polyline").count(), 2);
        assert!(drawn.starts_with("<svg") && drawn.ends_with("</svg>\n") && !drawn.contains("NaN"));
    }
}
