//! Values put into the store come back as the statistics CloudWatch would answer.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic")]

use cloudwatch_model::{
    Datapoint, Dimensions, Distribution, MetricId, MetricStore, Period, Query, Resolution, Statistic,
    Timestamp, Unit,
};

const DAY_MILLIS: i64 = 86_400_000;

fn metric(dimensions: &[(&str, &str)]) -> MetricId {
    MetricId::new("ImagePipeline", "Latency", Dimensions::new(dimensions.iter().copied()).unwrap()).unwrap()
}

fn datapoint(metric: &MetricId, second: i64, values: &[f64]) -> Datapoint {
    Datapoint {
        metric: metric.clone(),
        timestamp: Timestamp::from_millis(second * 1000 + 250),
        unit: Unit::Milliseconds,
        values: Distribution::of_values(values).unwrap(),
        resolution: Resolution::Standard,
    }
}

fn ask(statistic: &str, period: u32) -> Query {
    Query {
        statistic: statistic.parse().unwrap(),
        period: Period::from_seconds(period).unwrap(),
        unit: None,
        from: Timestamp::from_millis(0),
        until: Timestamp::from_millis(365 * DAY_MILLIS),
    }
}

fn answer(store: &MetricStore, metric: &MetricId, query: &Query) -> Vec<(i64, f64)> {
    let points = store.series(metric, query).points;
    points.iter().map(|point| (point.start.as_millis() / 1000, point.value)).collect()
}

#[test]
fn statistics_are_per_period_and_empty_periods_are_absent() {
    let (mut store, id) = (MetricStore::new(), metric(&[]));
    for (second, values) in [(0, &[10.0, 30.0][..]), (59, &[20.0]), (60, &[5.0]), (240, &[7.0])] {
        store.put(datapoint(&id, second, values));
    }
    assert_eq!(answer(&store, &id, &ask("Average", 60)), [(0, 20.0), (60, 5.0), (240, 7.0)]);
    assert_eq!(answer(&store, &id, &ask("SampleCount", 120)), [(0, 4.0), (240, 1.0)]);
    assert_eq!(answer(&store, &id, &ask("p50", 300)), [(0, 10.0)]);
    assert_eq!(answer(&store, &id, &ask("Maximum", 300)), [(0, 30.0)]);
}

#[test]
fn a_metric_is_found_by_exactly_its_dimensions() {
    let mut store = MetricStore::new();
    let (total, by_stage) = (metric(&[]), metric(&[("stage", "put")]));
    store.put(datapoint(&by_stage, 0, &[1.0]));
    assert_eq!(answer(&store, &total, &ask("Sum", 60)), []);
    assert_eq!(answer(&store, &by_stage, &ask("Sum", 60)), [(0, 1.0)]);
    assert_eq!(store.metrics().collect::<Vec<_>>(), [&by_stage]);
}

#[test]
fn the_window_starts_with_a_whole_period_and_excludes_its_end() {
    let (mut store, id) = (MetricStore::new(), metric(&[]));
    for minute in 0..4 {
        store.put(datapoint(&id, minute * 60, &[1.0]));
    }
    let window = Query {
        from: Timestamp::from_millis(90_000),
        until: Timestamp::from_millis(180_000),
        ..ask("Sum", 60)
    };
    assert_eq!(answer(&store, &id, &window), [(60, 1.0), (120, 1.0)]);
    let reversed = Query { until: Timestamp::from_millis(0), ..window };
    assert_eq!(answer(&store, &id, &reversed), []);
}

#[test]
fn values_of_a_time_are_one_distribution() {
    let (mut store, id) = (MetricStore::new(), metric(&[]));
    for minute in 0..3 {
        store.put(datapoint(&id, minute * 60, &[1.0, 2.0]));
    }
    let (from, until) = (Timestamp::from_millis(0), Timestamp::from_millis(120_000));
    let values = store.values(&id, None, from, until);
    assert_eq!(values.iter().collect::<Vec<_>>(), [(1.0, 2.0), (2.0, 2.0)]);
    assert_eq!(store.values(&id, Some(Unit::Bytes), from, until), Distribution::default());
}

#[test]
fn only_high_resolution_is_kept_by_the_second() {
    let (mut store, id) = (MetricStore::new(), metric(&[]));
    store.put(datapoint(&id, 42, &[1.0]));
    store.put(Datapoint { resolution: Resolution::High, ..datapoint(&id, 43, &[2.0]) });
    assert_eq!(answer(&store, &id, &ask("Sum", 1)), [(0, 1.0), (43, 2.0)]);
    assert_eq!(answer(&store, &id, &ask("Sum", 60)), [(0, 3.0)]);
}

#[test]
fn units_can_be_told_apart() {
    let (mut store, id) = (MetricStore::new(), metric(&[]));
    store.put(datapoint(&id, 0, &[1.0]));
    store.put(Datapoint { unit: Unit::Seconds, ..datapoint(&id, 0, &[2.0]) });
    assert_eq!(store.units(&id), [Unit::Seconds, Unit::Milliseconds]);
    let seconds = Query { unit: Some(Unit::Seconds), ..ask("Sum", 60) };
    assert_eq!(answer(&store, &id, &seconds), [(0, 2.0)]);
    assert_eq!(answer(&store, &id, &ask("Sum", 60)), [(0, 3.0)]);
}

#[test]
fn what_is_older_than_fifteen_days_is_forgotten() {
    let (mut store, id) = (MetricStore::new(), metric(&[]));
    store.put(datapoint(&id, 0, &[1.0]));
    store.put(datapoint(&id, 15 * DAY_MILLIS / 1000, &[2.0]));
    assert_eq!(answer(&store, &id, &ask("SampleCount", 60)).len(), 2);
    store.put(datapoint(&id, 15 * DAY_MILLIS / 1000 + 60, &[3.0]));
    assert_eq!(store.span(&id).unwrap().0, Timestamp::from_millis(15 * DAY_MILLIS));
    assert_eq!(store.series(&id, &ask("Sum", 60)).statistic, Statistic::Sum);
}
