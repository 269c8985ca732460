use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{render::Line, *};

fn render(emf: &Emf) -> Vec<Value> {
    let mut base = Fields::default();
    base.insert_text("level", "INFO");
    base.insert_text("service", "svc");
    parse(&emf.render(&base, UNIX_EPOCH).lines)
}

/// The lines as they are written: a member named twice would be found in the text alone.
fn parse(lines: &[Line<'_>]) -> Vec<Value> {
    let written = lines.iter().map(|line| {
        let mut written = Vec::new();
        line.write(&mut written);
        written
    });
    written
        .map(|text| {
            let text = String::from_utf8(text).unwrap();
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value.to_string().len(), text.len(), "no member is named twice");
            value
        })
        .collect()
}

#[test]
fn an_event_is_one_document_with_units_and_properties() {
    let mut emf = Emf::default();
    emf.property("image_id", "7");
    emf.count(Counter::ImagesProcessed, 1);
    emf.size(Size::OriginalBytes, 5);

    assert_eq!(
        render(&emf),
        [json!({
            "_aws": { "Timestamp": 0, "CloudWatchMetrics": [{
                "Namespace": "ImagePipeline",
                "Dimensions": [["service"]],
                "Metrics": [
                    { "Name": "ImagesProcessed", "Unit": "Count" },
                    { "Name": "OriginalBytes", "Unit": "Bytes" },
                ],
            }] },
            "level": "INFO",
            "service": "svc",
            "image_id": "7",
            "ImagesProcessed": 1.0,
            "OriginalBytes": 5.0,
        })]
    );
}

#[test]
fn a_dimension_is_published_beside_the_total() {
    let mut emf = Emf::default();
    emf.count_by(Counter::ImagesRejected, 1, Dimension::Reason, "Corrupt");

    let line = render(&emf).remove(0);

    assert_eq!(
        line["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
        json!([["service"], ["service", "Reason"]])
    );
    assert_eq!(line["Reason"], "Corrupt");
}

#[test]
fn two_values_of_a_dimension_never_share_a_document() {
    let mut emf = Emf::default();
    emf.time_by(Timer::StageLatency, Duration::from_millis(1), Dimension::Stage, "decode");
    emf.time_by(Timer::StageLatency, Duration::from_millis(2), Dimension::Stage, "encode");

    let stages: Vec<Value> = render(&emf).iter().map(|line| line["Stage"].clone()).collect();

    assert_eq!(stages, ["decode", "encode"]);
}

#[test]
fn values_beyond_a_hundred_go_to_a_further_line() {
    let mut emf = Emf::default();
    for _ in 0..250 {
        emf.count(Counter::Duplicates, 1);
    }

    let lengths: Vec<usize> =
        render(&emf).iter().map(|line| line["Duplicates"].as_array().unwrap().len()).collect();

    assert_eq!(lengths, [100, 100, 50]);
}

#[test]
fn metrics_beyond_a_hundred_go_to_a_further_line() {
    let mut emf = Emf::default();
    for number in 0..121 {
        emf.push(Set::new(), format!("m{number}").into(), "None", [1.0]);
    }

    let metrics = |line: &Value| line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len();
    assert_eq!(render(&emf).iter().map(metrics).collect::<Vec<_>>(), [100, 21]);
}

#[test]
fn the_fullest_event_has_no_line_near_the_limit_of_a_log_event() {
    let mut emf = Emf::default();
    for number in 0..16 {
        emf.property(&format!("p{number}"), "\u{1}".repeat(9_000));
    }
    let longest = -1.234_567_890_123_456_7e-103;
    let wide = dimension_value(&"\"".repeat(2_000));
    let set = vec![(Dimension::Reason, wide.clone()), (Dimension::Stage, wide)];
    for number in 0..150 {
        let name = metric_name(&format!("{number:\"<300}"));
        emf.push(set.clone(), name.clone(), "Kilobytes/Second", [longest; 250]);
    }
    emf.high_resolution();

    let lengths: Vec<usize> = render(&emf).iter().map(|line| line.to_string().len()).collect();

    assert!(lengths.iter().all(|length| *length < 180 * 1024), "{lengths:?}");
    assert!(lengths.iter().any(|length| *length > 140 * 1024), "{lengths:?}");
}

#[test]
fn what_is_no_value_is_refused_and_counted() {
    let mut emf = Emf::default();
    emf.push(Set::new(), "X".into(), "Count", [f64::NAN, f64::INFINITY, 1e300]);

    let base = Fields::default();
    let rendered = emf.render(&base, UNIX_EPOCH);

    assert_eq!((rendered.lost, rendered.lines.len()), (3, 0));
}

#[test]
fn a_property_named_like_another_member_is_left_out_and_counted() {
    let mut emf = Emf::default();
    for name in ["_aws", "service", "Reason", "ImagesRejected", "image_id"] {
        emf.property(name, "impostor");
    }
    emf.count_by(Counter::ImagesRejected, 1, Dimension::Reason, "Corrupt");
    let mut base = Fields::default();
    base.insert_text("service", "svc");

    let rendered = emf.render(&base, UNIX_EPOCH);

    let line = parse(&rendered.lines).remove(0);
    assert_eq!(rendered.lost, 4);
    assert_eq!((&line["service"], &line["Reason"]), (&"svc".into(), &"Corrupt".into()));
    assert_eq!((&line["ImagesRejected"], &line["image_id"]), (&1.0.into(), &"impostor".into()));
    assert!(line["_aws"].is_object());
}

#[test]
fn an_event_may_ask_to_be_kept_by_the_second() {
    let mut emf = Emf::default();
    emf.high_resolution();
    emf.time(Timer::QueueWait, Duration::from_micros(1_500));

    let line = parse(&emf.render(&Fields::default(), SystemTime::now()).lines).remove(0);

    assert_eq!(
        line["_aws"]["CloudWatchMetrics"][0]["Metrics"],
        json!([{ "Name": "QueueWait", "Unit": "Milliseconds", "StorageResolution": 1 }])
    );
    assert_eq!(line["QueueWait"], 1.5);
}
