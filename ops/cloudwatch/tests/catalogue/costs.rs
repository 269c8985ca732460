//! What bucket totals and audits cost, by the prices and by the template.

use super::assets::text;

const MINUTES_OF_30_DAYS: f64 = 43_200.0;

/// A price of `docs/prices.md` in ap-northeast-1, as it stands there, and of one of what it is for.
fn price(what: &str) -> (String, f64) {
    let page = text("docs/prices.md");
    let row = page.lines().find(|line| line.starts_with(&format!("| {what}"))).map(cells).unwrap();
    let count: f64 = row[1].split(' ').next().unwrap().parse().unwrap();
    (row[3].clone(), row[3].parse::<f64>().unwrap() / count)
}

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
    let (shown, list) = price("S3 Standard: LIST");
    assert!(page.contains(&format!("at {shown} dollars per 1,000 LIST requests")), "{shown}");
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
            assert_eq!(*price, format!("{:.2}", requests * ticks(schedule) * list), "{objects} {schedule}");
        }
    }
}

#[test]
fn the_price_of_an_audit_is_requests_times_price() {
    let page = text("docs/audit.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let [list, read, get] =
        ["S3 Standard: LIST", "DynamoDB on demand: a read", "S3 Standard: GET"].map(price);
    for claim in [
        "For each million images with one thumbnail: 2,000 LIST requests".to_owned(),
        "with items of 1 KB 125,000 read units".to_owned(),
        format!("{:.4} and {:.4} dollars", 2_000.0 * list.1, 125_000.0 * read.1),
        format!("({} for 1,000 LIST requests, {} for a million read units;", list.0, read.0),
        format!("a GET for each thumbnail: {:.2} dollars", 1_000_000.0 * get.1),
    ] {
        assert!(page.contains(&claim), "docs/audit.md does not say: {claim}");
    }
}
