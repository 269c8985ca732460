//! CloudWatch's API through AWS's own SDK, over the metrics and alarms of a running stack.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::operation::get_dashboard::GetDashboardError;
use aws_sdk_cloudwatch::operation::get_metric_statistics::GetMetricStatisticsError;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    AlarmType, Dimension, HistoryItemType, Metric, MetricDataQuery, MetricDatum, MetricStat, ScanBy,
    StandardUnit, StateValue, Statistic, StatusCode,
};
use cloudwatch_model::alarm::Kind;
use cloudwatch_model::{Alarm, Period, Query, Series, State, Timestamp};
use image::ImageFormat;
use local_stack::observe::Seen;

use crate::harness::Harness;
use crate::identity::{login, pool_credentials};
use crate::picture::picture;
use crate::uploader::{somebody, upload};

/// The SDK with the account's own key.
fn client(harness: &Harness) -> Client {
    client_of(harness, harness.info.credentials.clone())
}

fn client_of(harness: &Harness, key: aws_client::Credentials) -> Client {
    let aws_client::Credentials { access_key_id, secret_access_key, session_token } = key;
    let key = Credentials::new(access_key_id, secret_access_key, session_token, None, "the stack");
    let config = aws_sdk_cloudwatch::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&harness.info.endpoint)
        .region(Region::new("ap-northeast-1"))
        .credentials_provider(key)
        .build();
    Client::from_conf(config)
}

fn time(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.as_millis())
}

fn now() -> DateTime {
    SystemTime::now().into()
}

fn hour_ago() -> DateTime {
    (SystemTime::now() - Duration::from_hours(1)).into()
}

/// `ImagesProcessed` of the processor.
fn processed() -> Metric {
    let service = Dimension::builder().name("service").value("image-processor-lambda").build();
    Metric::builder().namespace("ImagePipeline").metric_name("ImagesProcessed").dimensions(service).build()
}

fn stat(id: &str, metric: Metric, stat: &str) -> MetricDataQuery {
    let stat = MetricStat::builder().metric(metric).period(60).stat(stat).build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}

fn math(id: &str, expression: &str) -> MetricDataQuery {
    MetricDataQuery::builder().id(id).expression(expression).build()
}

/// What the console draws of the same metric: each minute's sum.
fn console(harness: &Harness) -> Series {
    let whole = |seen: &Seen| {
        let metric = seen.metrics.metrics().find(|metric| metric.name() == "ImagesProcessed")?.clone();
        let (from, last) = seen.metrics.span(&metric)?;
        let (statistic, until) = (cloudwatch_model::Statistic::Sum, last.plus_millis(1));
        let query = Query { statistic, period: Period::MINUTE, unit: None, from, until };
        Some(seen.metrics.series(&metric, &query))
    };
    harness.observer.look(whole).unwrap()
}

/// An image was processed, and its metrics have come.
async fn process_one(harness: &Harness) {
    let image = upload(harness, &somebody(harness).await, picture(ImageFormat::Jpeg)).await.image_id;
    harness.settled(&image).await;
    let counted = |seen: &Seen| seen.metrics.metrics().any(|it| it.name() == "ImagesProcessed").then_some(());
    harness.seen("ImagesProcessed", &image, counted).await;
}

#[tokio::test]
async fn metric_data_and_statistics_equal_the_consoles() {
    let (harness, _alone) = Harness::calm().await;
    process_one(harness).await;
    let client = client(harness);

    let queries = [stat("m1", processed(), "Sum"), math("e1", "m1 * 2 + 0")];
    let request = client.get_metric_data().set_metric_data_queries(Some(queries.to_vec()));
    let request = request.start_time(hour_ago()).end_time(now()).scan_by(ScanBy::TimestampAscending);
    let answer = request.send().await.unwrap();
    let series = console(harness);

    let starts: Vec<DateTime> = series.points.iter().map(|point| time(point.start)).collect();
    let values: Vec<f64> = series.points.iter().map(|point| point.value).collect();
    let [m1, e1] = answer.metric_data_results() else { panic!("{answer:?}") };
    assert_eq!((m1.id(), m1.label()), (Some("m1"), Some("ImagesProcessed")));
    assert_eq!((m1.timestamps(), m1.values()), (&starts[..], &values[..]));
    assert_eq!(m1.status_code(), Some(&StatusCode::Complete));
    assert_eq!(e1.values(), values.iter().map(|value| value * 2.0).collect::<Vec<_>>());

    let request = client.get_metric_statistics().namespace("ImagePipeline").metric_name("ImagesProcessed");
    let request = request.set_dimensions(Some(processed().dimensions().to_vec())).period(60);
    let request = request.start_time(hour_ago()).end_time(now()).statistics(Statistic::Sum);
    let answer = request.send().await.unwrap();
    let found: Vec<_> =
        answer.datapoints().iter().map(|it| (*it.timestamp().unwrap(), it.sum().unwrap())).collect();
    assert_eq!(found, starts.into_iter().zip(values).collect::<Vec<_>>());
    assert_eq!(answer.datapoints()[0].unit(), Some(&StandardUnit::Count));
}

#[tokio::test]
async fn what_is_published_is_there_at_once_newest_first_and_page_by_page() {
    let harness = Harness::shared().await;
    let client = client(harness);
    let begun = SystemTime::now();
    let minute = begun.duration_since(UNIX_EPOCH).unwrap().as_secs() / 60 * 60;
    for age in 0..5_u32 {
        let at = DateTime::from_secs(i64::try_from(minute).unwrap() - 60 * i64::from(age));
        let datum =
            MetricDatum::builder().metric_name("Published").value(f64::from(age)).timestamp(at).build();
        client.put_metric_data().namespace("Test").metric_data(datum).send().await.unwrap();
    }
    let published = Metric::builder().namespace("Test").metric_name("Published").build();
    let request = client.get_metric_data().metric_data_queries(stat("m1", published, "Maximum"));
    let request = request.start_time(hour_ago()).end_time(now()).max_datapoints(2);
    let (mut values, mut codes, mut token) = (Vec::new(), Vec::new(), None);
    loop {
        let page = request.clone().set_next_token(token).send().await.unwrap();
        let [result] = page.metric_data_results() else { panic!("{page:?}") };
        values.extend_from_slice(result.values());
        codes.push(result.status_code().unwrap().clone());
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(values, [0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(codes, [StatusCode::PartialData, StatusCode::PartialData, StatusCode::Complete]);
    let listed = client.list_metrics().namespace("Test").send().await.unwrap();
    assert_eq!(listed.metrics().len(), 1);
}

#[tokio::test]
async fn all_29_alarms_are_described_with_the_states_of_our_evaluator() {
    let harness = Harness::shared().await;
    let request = client(harness).describe_alarms().alarm_types(AlarmType::MetricAlarm);
    let answer = request.alarm_types(AlarmType::CompositeAlarm).send().await.unwrap();
    let (metric, composite) = (answer.metric_alarms(), answer.composite_alarms());
    assert_eq!(metric.len() + composite.len(), 29);
    let set = harness.observer.look(|seen| seen.alarms.set().clone());
    let count = |is: fn(&Alarm) -> bool| set.iter().filter(|alarm| is(alarm)).count();
    assert_eq!(metric.len(), count(|alarm| matches!(alarm.kind, Kind::Metric(_))));

    let burn = metric.iter().find(|alarm| alarm.alarm_name() == Some("slo-processing-1h")).unwrap();
    assert!(burn.metrics().iter().any(|query| query.expression().is_some()), "{burn:?}");
    assert!(burn.alarm_arn().unwrap().ends_with(":alarm:slo-processing-1h"));
    assert!(composite.iter().all(|alarm| alarm.alarm_rule().unwrap().contains("ALARM(")));
    let heartbeat = set.get("dlq-not-empty").unwrap();
    let Kind::Metric(model) = &heartbeat.kind else { panic!("{heartbeat:?}") };
    let alarm = metric.iter().find(|alarm| alarm.alarm_name() == Some("dlq-not-empty")).unwrap();
    assert_eq!(alarm.threshold(), Some(model.threshold));
    assert_eq!(alarm.alarm_actions(), heartbeat.actions.on(State::Alarm));
}

#[tokio::test]
async fn a_state_that_is_set_is_described_and_its_change_and_actions_are_history() {
    let (harness, _alone) = Harness::calm().await;
    let client = client(harness);
    let state = || harness.observer.look(|seen| seen.alarms.state("bucket-almost-full").unwrap());
    let first = state();
    for to in [StateValue::Alarm, StateValue::Ok] {
        let request = client.set_alarm_state().alarm_name("bucket-almost-full").state_value(to.clone());
        request.state_reason("a drill").send().await.unwrap();
    }
    let request = client.describe_alarm_history().alarm_name("bucket-almost-full");
    let history = request.send().await.unwrap();
    let of = |kind: HistoryItemType| {
        let items =
            history.alarm_history_items().iter().filter(move |it| it.history_item_type() == Some(&kind));
        items.map(|it| it.history_summary().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let changes = of(HistoryItemType::StateUpdate);
    assert!(changes.contains(&format!("Alarm updated from {first} to ALARM")), "{changes:?}");
    assert!(changes.contains(&"Alarm updated from ALARM to OK".to_owned()), "{changes:?}");
    let actions = of(HistoryItemType::Action);
    let wanted = format!("Successfully executed action {}", harness.output("TicketTopicArn"));
    assert!(actions.contains(&wanted), "{actions:?}");
    assert_eq!(of(HistoryItemType::ConfigurationUpdate), ["Alarm \"bucket-almost-full\" created"]);
    let mailed = |seen: &Seen| {
        seen.mail.find(None).iter().any(|mail| mail.body.contains("bucket-almost-full")).then_some(())
    };
    harness.seen("the mail of the alarm", "nothing", mailed).await;
}

#[tokio::test]
async fn dashboards_are_those_of_the_template_and_another_is_not_found() {
    let harness = Harness::shared().await;
    let client = client(harness);
    let listed = client.list_dashboards().send().await.unwrap();
    let names: Vec<_> =
        listed.dashboard_entries().iter().map(|entry| entry.dashboard_name().unwrap()).collect();
    let drawn: Vec<String> = harness.observer.look(|seen| seen.dashboards.keys().cloned().collect());
    assert_eq!(names, drawn);
    let answer = client.get_dashboard().dashboard_name(&drawn[0]).send().await.unwrap();
    let kept = harness.observer.look(|seen| seen.dashboards[&drawn[0]].body.clone());
    assert_eq!(answer.dashboard_body(), Some(kept.as_str()));

    let refused =
        client.get_dashboard().dashboard_name("none").send().await.unwrap_err().into_service_error();
    assert!(matches!(refused, GetDashboardError::DashboardNotFoundError(_)), "{refused:?}");
    assert_eq!(refused.meta().code(), Some("ResourceNotFound"));
    assert_eq!(refused.message(), Some("Dashboard none does not exist"));
}

#[tokio::test]
async fn errors_are_those_that_the_sdk_knows() {
    let harness = Harness::shared().await;
    let client = client(harness);
    let request = client.get_metric_statistics().namespace("N").metric_name("M").statistics(Statistic::Sum);
    let request = request.start_time(hour_ago()).end_time(now());
    let refused = request.clone().period(61).send().await.unwrap_err().into_service_error();
    assert!(matches!(refused, GetMetricStatisticsError::InvalidParameterValueException(_)), "{refused:?}");
    let refused = request.period(1).send().await.unwrap_err().into_service_error();
    assert!(
        matches!(refused, GetMetricStatisticsError::InvalidParameterCombinationException(_)),
        "{refused:?}"
    );

    let request = client.get_metric_data().start_time(hour_ago()).end_time(now());
    let unknown = request.metric_data_queries(math("e1", "nobody + 1")).send().await.unwrap_err();
    assert_eq!(unknown.meta().code(), Some("ValidationError"));
    let refused = client.set_alarm_state().alarm_name("none").state_value(StateValue::Ok).state_reason("r");
    assert_eq!(refused.send().await.unwrap_err().meta().code(), Some("ResourceNotFound"));
    let refused = client.delete_alarms().alarm_names("none").send().await.unwrap_err();
    assert!(refused.message().unwrap().contains("not answered by the local stack"), "{refused:?}");
}

#[tokio::test]
async fn only_a_signed_request_that_a_policy_allows_is_answered() {
    let harness = Harness::shared().await;
    let mut other = harness.info.credentials.clone();
    other.secret_access_key = "another".to_owned();
    let forged = client_of(harness, other).describe_alarms().send().await.unwrap_err();
    assert_eq!(forged.raw_response().map(|answer| answer.status().as_u16()), Some(403), "{forged:?}");
    let user = somebody(harness).await;
    let key = pool_credentials(harness, &login(harness, &user.id_token)).await;
    let denied = client_of(harness, key).describe_alarms().send().await.expect_err("a user may not");
    assert!(
        denied.message().unwrap_or_default().contains("cloudwatch:DescribeAlarms"),
        "{:?}",
        denied.code()
    );
}
