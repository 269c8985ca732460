//! Drawing of an alarm: the datapoints that it compares, its threshold, and which of them decide.

use super::area::Area;
use super::canvas::Canvas;
use super::chart;
use super::theme::Theme;
use crate::alarm::{EXTRA_POINTS, Fate, MetricAlarm};
use crate::dashboard::data::{Plot, Plots};
use crate::dashboard::{Annotation, Axis, MetricWidget, View};
use crate::location::Location;
use crate::math::MathError;
use crate::store::Statistics;
use crate::time::Timestamp;

const WIDTH_PX: f64 = 960.0;
const HEIGHT_PX: f64 = 260.0;
/// More points than pixels show nothing.
const MOST_POINTS: i64 = 1_500;

impl MetricAlarm {
    /// The datapoints of `span_millis` up to the evaluation at `now`, each as the alarm gathers it, as an SVG document. Those
    /// that the evaluation fetched have a ring: of the alarm's colour where they breach.
    ///
    /// # Errors
    /// An expression that does not come to one series; reading an alarm from a template excludes it.
    pub fn svg(
        &self,
        label: &str,
        store: &dyn Statistics,
        now: Timestamp,
        span_millis: i64,
        theme: Theme,
    ) -> Result<String, MathError> {
        let (until, length) = (self.last_step(now), self.period.as_millis());
        let fetched = self.evaluation_periods + EXTRA_POINTS;
        let wanted = usize::try_from((span_millis / length).min(MOST_POINTS)).unwrap_or(0).max(fetched);
        let values = self.source.points(store, until, self.period, wanted)?;
        let first = until.plus_millis(-length * i64::try_from(wanted).unwrap_or(0));
        let start = |index: usize| first.plus_millis(length * i64::try_from(index).unwrap_or(0));
        let plot = Plot { label: label.to_owned(), color: None, on_right: false, values };
        let plots = Plots { starts: (0..wanted).map(start).collect(), plots: vec![plot] };

        let mut canvas = Canvas::bare(WIDTH_PX, HEIGHT_PX, theme);
        let body = Area { x: 12.0, y: 12.0, width: WIDTH_PX - 24.0, height: HEIGHT_PX - 20.0 };
        let (frame, range) = chart::draw(&mut canvas, body, &self.widget(), &plots);
        let decisive = plots.plots.iter().flat_map(|plot| plot.values.iter().enumerate());
        for (index, point) in decisive.skip(wanted - fetched) {
            let Some(value) = point else { continue };
            let place = (chart::x_of(frame, index, wanted), chart::y_of(frame, range, *value));
            let breaches = self.fate(Some(*value)) == Fate::Breaching;
            canvas.ring(place, 4.0, if breaches { theme.alarm() } else { theme.ok() });
        }
        Ok(canvas.finish())
    }

    fn widget(&self) -> MetricWidget {
        let threshold = Annotation {
            label: format!("{} {}", self.comparison.as_str(), self.threshold),
            value: self.threshold,
            color: None,
        };
        MetricWidget {
            title: String::new(),
            view: View::TimeSeries,
            stacked: false,
            period: self.period,
            lines: Vec::new(),
            left: Axis { min: (self.threshold >= 0.0).then_some(0.0), ..Axis::default() },
            right: Axis::default(),
            annotations: vec![threshold],
            location: Location::file("alarm"),
        }
    }
}

#[cfg(test)]
mod tests;
