//! What bucket totals cost, by the page and by the template.

use super::assets::text;

/// Of one LIST request, in dollars.
const PRICE: f64 = 0.0047 / 1000.0;
const MINUTES_OF_30_DAYS: f64 = 43_200.0;

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().replace(',', "")).collect()
}

/// How often a schedule of the form `rate(5 minutes)` ticks in 30 days.
fn ticks(schedule: &str) -> f64 {
    let inner = schedule.trim_start_matches("rate(").trim_end_matches(')');
    let (count, unit) = inner.split_once(' ').unwrap();
    let minutes = if unit.starts_with("hour") { 60.0 } else { 1.0 };
    MINUTES_OF_30_DAYS / (count.parse::<f64>().unwrap() * minutes)
}

#[test]
fn the_price_of_every_schedule_of_the_template_is_requests_times_ticks_times_price() {
    let (page, template) = (text("docs/bucket-totals.md"), text("template.yaml"));
    let parameter = template.split("\n  MetricsSchedule:").nth(1).unwrap();
    let allowed = parameter.split("AllowedValues: [").nth(1).unwrap().split(']').next().unwrap();
    let mut rows = page.lines().skip_while(|line| !line.starts_with("| objects |")).map(cells);
    let head = rows.next().unwrap();
    assert_eq!(head[2..].join(", "), allowed, "the columns are the schedules that the template takes");
    let rows: Vec<_> = rows.skip(1).take_while(|row| row.len() == head.len()).collect();
    assert!(rows.len() > 3, "{rows:?}");
    for row in rows {
        let objects: f64 = row[0].parse().unwrap();
        let requests = (objects / 1000.0).ceil();
        assert_eq!(row[1], requests.to_string());
        for (schedule, price) in head[2..].iter().zip(&row[2..]) {
            assert_eq!(*price, format!("{:.2}", requests * ticks(schedule) * PRICE), "{objects} {schedule}");
        }
    }
}
