use serde_json::{Value, json};

use super::svg::{DataSources, Rows, Theme};
use super::*;
use crate::alarm::State;
use crate::datapoint::{Datapoint, Distribution, Resolution, Unit};
use crate::id::{Dimensions, MetricId};
use crate::store::MetricStore;
use crate::time::Timestamp;

const HOUR_MILLIS: i64 = 3_600_000;
const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000 + 2 * HOUR_MILLIS);

fn widget(kind: &str, properties: &Value) -> Value {
    json!({"widgets": [{"type": kind, "x": 0, "y": 0, "width": 12, "height": 6, "properties": properties}]})
}

fn metric(more: &Value) -> Value {
    let mut properties = json!({
        "title": "T & <T>", "region": "r", "view": "timeSeries", "stat": "Sum", "period": 300,
        "metrics": [["N", "M", "d", "a", {"id": "a", "label": "first"}], ["N", "M", "d", "b", {"label": "second"}]],
    });
    for (name, value) in more.as_object().unwrap() {
        properties[name] = value.clone();
    }
    widget("metric", &properties)
}

fn store() -> MetricStore {
    let mut store = MetricStore::new();
    for (of, scale) in [("a", 1.0), ("b", 10.0)] {
        for minute in (0..60).filter(|minute| !(20..30).contains(minute)) {
            store.put(Datapoint {
                metric: MetricId::new("N", "M", Dimensions::new([("d", of)]).unwrap()).unwrap(),
                timestamp: NOW.plus_millis(-60_000 * i64::from(minute) - 1),
                unit: Unit::None,
                values: Distribution::of_values(&[scale]).unwrap(),
                resolution: Resolution::Standard,
            });
        }
    }
    store
}

fn drawn(body: &Value, theme: Theme) -> String {
    let store = store();
    let state = |name: &str| (name != "absent").then_some(State::Alarm);
    let logs = |query: &str| {
        if query.contains("bad") {
            return Err("the query is not understood".to_owned());
        }
        let row = vec!["12:00".to_owned(), "a < b".to_owned()];
        Ok(Rows { columns: vec!["@timestamp".to_owned(), "message".to_owned()], rows: vec![row] })
    };
    let sources = DataSources { store: &store, now: NOW, theme, state: &state, logs: &logs };
    Dashboard::read("d", body).unwrap().svg(&sources).unwrap()
}

/// The texts of the drawing, in order, by a parser that is not ours.
fn texts(svg: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let texts = document.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text());
    texts.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

fn count(svg: &str, element: &str) -> usize {
    svg.matches(&format!("<{element} ")).count()
}

#[test]
fn lines_are_drawn_with_legend_times_and_gaps() {
    let svg = drawn(&metric(&json!({})), Theme::Light);
    let texts = texts(&svg);
    for expected in ["T & <T>", "first", "second", "01:00", "40"] {
        assert!(texts.iter().any(|text| text == expected), "{expected} of {texts:?}");
    }
    assert_eq!(count(&svg, "polyline"), 4, "two series, each with a gap of ten minutes");
}

#[test]
fn stacked_series_are_areas() {
    let svg = drawn(&metric(&json!({"stacked": true})), Theme::Dark);
    assert_eq!((count(&svg, "polygon"), count(&svg, "polyline")), (4, 0));
    assert!(svg.contains("#192534"), "dark is dark");
}

#[test]
fn a_line_at_a_value_and_an_axis_on_the_right_are_drawn() {
    let svg = drawn(
        &metric(&json!({
            "annotations": {"horizontal": [{"label": "late", "value": 300, "color": "#d62728"}]},
            "metrics": [["N", "M", "d", "a"], ["N", "M", "d", "b", {"yAxis": "right"}]],
            "yAxis": {"left": {"label": "s", "min": 0}, "right": {"label": "files"}},
        })),
        Theme::Light,
    );
    assert!(svg.contains("stroke-dasharray"));
    let texts = texts(&svg);
    assert!(
        ["late", "s", "files", "300"].iter().all(|text| texts.contains(&(*text).to_owned())),
        "{texts:?}"
    );
}

#[test]
fn numbers_dials_and_tables_show_the_period_that_ends_now() {
    for (view, more) in [
        ("singleValue", json!({})),
        ("gauge", json!({"yAxis": {"left": {"min": 0, "max": 100}}})),
        ("table", json!({})),
    ] {
        let mut properties = json!({"view": view, "period": 600});
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let svg = drawn(&metric(&properties), Theme::Light);
        let texts = texts(&svg);
        assert!(texts.contains(&"10".to_owned()) && texts.contains(&"100".to_owned()), "{view}: {texts:?}");
        assert_eq!(count(&svg, "path") > 0, view == "gauge");
    }
}

#[test]
fn expressions_are_drawn_and_what_they_need_is_hidden() {
    let svg = drawn(
        &metric(&json!({"metrics": [
            [{"expression": "share * 2", "id": "twice", "label": "twice"}],
            [{"expression": "a / (a + b)", "id": "share", "label": "share", "visible": false}],
            ["N", "M", "d", "a", {"id": "a", "visible": false}],
            ["N", "M", "d", "b", {"id": "b", "visible": false}],
        ]})),
        Theme::Light,
    );
    let texts = texts(&svg);
    assert!(texts.contains(&"twice".to_owned()) && !texts.contains(&"share".to_owned()), "{texts:?}");
}

#[test]
fn pills_of_alarms_fill_their_widget() {
    let arns: Vec<String> = (0..17).map(|number| format!("arn:aws:cloudwatch:r:1:alarm:{number}")).collect();
    let svg = drawn(&widget("alarm", &json!({"title": "A", "alarms": arns})), Theme::Light);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let number =
        |node: &roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
    let panel = document.descendants().find(|it| it.attribute("rx") == Some("6")).unwrap();
    let pills = document.descendants().filter(|it| it.attribute("fill-opacity") == Some("0.14"));
    let right = pills.map(|pill| number(&pill, "x") + number(&pill, "width")).fold(0.0, f64::max);
    assert!(number(&panel, "x") + number(&panel, "width") - right < 20.0, "{svg}");
}

#[test]
fn a_graph_without_data_says_so() {
    let svg = drawn(&metric(&json!({"metrics": [["N", "Other"]]})), Theme::Light);
    assert!(texts(&svg).contains(&"No data available".to_owned()));
}

#[test]
fn text_alarms_and_logs_are_drawn() {
    let svg = drawn(
        &widget("text", &json!({"markdown": "# H\n**bold** and [a link](http://x) `code`"})),
        Theme::Light,
    );
    assert_eq!(texts(&svg), ["H", "bold", "and", "a link", "code"].map(str::to_owned));

    let arn = |name: &str| format!("arn:aws:cloudwatch:r:1:alarm:{name}");
    let svg =
        drawn(&widget("alarm", &json!({"title": "A", "alarms": [arn("x"), arn("absent")]})), Theme::Light);
    assert_eq!(texts(&svg), ["A", "x", "ALARM", "absent", "does not exist"].map(str::to_owned));

    let log = |query: &str| json!({"title": "L", "region": "r", "view": "table", "query": query});
    assert!(texts(&drawn(&widget("log", &log("good")), Theme::Light)).contains(&"a < b".to_owned()));
    let why = "the query is not understood".to_owned();
    assert!(texts(&drawn(&widget("log", &log("bad")), Theme::Light)).contains(&why));
}

#[test]
fn lines_that_do_not_fit_into_their_widget_are_counted_in_its_last_line() {
    let body = widget("log", &json!({"title": "L", "region": "r", "view": "table", "query": "q"}));
    let drawn = |rows: usize| {
        let row = |number| vec![format!("line {number}")];
        let logs =
            |_: &str| Ok(Rows { columns: vec!["message".to_owned()], rows: (1..=rows).map(row).collect() });
        let sources =
            DataSources { store: &store(), now: NOW, theme: Theme::Light, state: &|_| None, logs: &logs };
        texts(&Dashboard::read("d", &body).unwrap().svg(&sources).unwrap())
    };
    // Nine lines fit, of which one is the heading.
    assert_eq!(drawn(8).last().map(String::as_str), Some("line 8"));
    let many = drawn(50);
    assert_eq!(many[many.len() - 2..], ["line 7", "… and 43 more"].map(str::to_owned));
    assert_eq!(many.len(), 1 + 9);
}

#[test]
fn what_is_not_drawn_is_refused_by_its_place() {
    let error = |body: &Value| Dashboard::read("d", body).unwrap_err().to_string();
    let at = "d: widgets[0].properties";
    for (body, expected) in [
        (metric(&json!({"view": "pie"})), format!("{at}.view: metrics as pie is not evaluated here")),
        (metric(&json!({"liveData": true})), format!("{at}.liveData: this property is not evaluated here")),
        (metric(&json!({"stat": "p0"})), format!("{at}.metrics[0] is not valid")),
        (
            metric(&json!({"metrics": [["N", "M", "d"]]})),
            format!("{at}.metrics[0] must be a metric with its dimensions, or an expression"),
        ),
        (
            metric(&json!({"metrics": [["N", "M", {"period": 60}]]})),
            format!("{at}.metrics[0][2].period: the period 60 beside 300 s is not evaluated here"),
        ),
        (metric(&json!({"metrics": [[{"expression": "SEARCH('x', 'Sum')", "id": "s"}]]})), String::new()),
        (
            widget("explorer", &json!({})),
            "d: widgets[0].type: a widget of type explorer is not evaluated here".to_owned(),
        ),
        (json!({"start": "-P1M"}), "d: start: the value -P1M is not evaluated here".to_owned()),
    ] {
        if expected.is_empty() {
            let store = store();
            let sources = DataSources {
                store: &store,
                now: NOW,
                theme: Theme::Light,
                state: &|_| None,
                logs: &|_| Ok(Rows::default()),
            };
            let error = Dashboard::read("d", &body).unwrap().svg(&sources).unwrap_err().to_string();
            assert_eq!(error, format!("{at}: the expression `s` is not evaluated"));
        } else {
            assert_eq!(error(&body), expected);
        }
    }
}
