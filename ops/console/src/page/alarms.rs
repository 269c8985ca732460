//! Alarms: which ring, why, since when, and what to do about it.

mod one;
mod runbook;
mod tested;

use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use cloudwatch_model::alarm::{Alarm, State};
use local_stack::observe::Seen;
use local_stack::observe::news::Topic;
use maud::{Markup, html};

use super::{Page, clock};
use crate::app::{App, Base};
use crate::layout::{Head, page};
use crate::ui::{self, href};

pub(super) fn routes() -> Router<Base> {
    Router::new()
        .route("/alarms", get(show))
        .route("/alarms/{name}", get(one::show))
        .route("/alarms/{name}/tests", get(tested::show))
        .route("/runbooks/{name}", get(runbook::show))
        .route("/runbooks/{name}/run", post(runbook::run))
}

/// Headings of the list and the states below each, in its order.
const GROUPS: [(&str, State); 3] =
    [("Ringing", State::Alarm), ("Without data", State::InsufficientData), ("Quiet", State::Ok)];

async fn show(app: App) -> Page {
    let content = app.source.observer.look(|seen| list(&app, seen));
    let content = ui::live("alarms", &[Topic::Alarms], content);
    let lead = "Each with its reason, the datapoints that decided, its unit tests and its runbook.";
    let head = Head { at: "/alarms", title: "Alarms", lead };
    Ok(Html(page(&app, head, content).into_string()))
}

fn list(app: &App, seen: &Seen) -> Markup {
    let alarms: Vec<&Alarm> = seen.alarms.set().iter().collect();
    let of = |wanted: State| -> Vec<&Alarm> {
        let is_in = |alarm: &&&Alarm| seen.alarms.state(&alarm.name) == Some(wanted);
        alarms.iter().filter(is_in).copied().collect()
    };
    html! {
        @if alarms.is_empty() { div .card { (ui::empty("This stack has no alarms.", how())) } }
        @else {
            p .found {
                (summary(of(State::Alarm).len(), alarms.len())) " "
                @match seen.alarms.evaluated() {
                    Some(at) => { "Evaluated " (ui::time::ago_by(app.source.observer.clock(), at)) },
                    None => { "They are evaluated at the end of each whole minute; the first is not over yet." },
                }
            }
            (clock::draw(app.source.observer.clock()))
            div .stack {
                @for (title, state) in GROUPS {
                    @let alarms = of(state);
                    @if !alarms.is_empty() {
                        div id={ "alarms-" (state) } {
                            (ui::card(title, html! { (alarms.len()) }, html! {
                                ul .rows { @for alarm in alarms { li id={ "alarm-" (alarm.name) } { (row(app, alarm, seen)) } } }
                            }))
                        }
                    }
                }
            }
        }
    }
}

fn how() -> Markup {
    html! {
        p { "They come with the nested stack of " code { "alarms/pipeline.json" } ". Start the stack anew to have them:" }
        (ui::command("cargo run"))
    }
}

fn summary(ringing: usize, all: usize) -> String {
    match ringing {
        0 => format!("None of {all} alarms rings."),
        1 => format!("1 of {all} alarms rings."),
        _ => format!("{ringing} of {all} alarms ring."),
    }
}

/// One alarm as it stands in a list.
pub(super) fn row(app: &App, alarm: &Alarm, seen: &Seen) -> Markup {
    let standing = seen.alarms.standing(&alarm.name);
    html! {
        div .row-head {
            a .row-name href=(href::alarm(&alarm.name)) { (alarm.name) }
            (state_badge(seen, &alarm.name))
            span .soft { (alarm.notes.severity) }
            @if let Some(standing) = standing {
                span .row-time { "since " (ui::time::ago_by(app.source.observer.clock(), standing.since)) }
            }
        }
        p .soft {
            @match standing {
                // Why nothing is wrong says less than what would be.
                Some(_) if seen.alarms.state(&alarm.name) == Some(State::Ok) => { (purpose(alarm)) },
                Some(standing) => { (standing.reason) },
                None => { "Not decided yet." },
            }
        }
        @if seen.alarms.state(&alarm.name) == Some(State::Alarm) {
            p { "Mend it by the runbook " a href=(href::mitigation(&alarm.name)) { (runbook::name(&alarm.notes.runbook)) } "." }
        }
    }
}

/// The description without what stands elsewhere: its severity and its runbook's address.
fn purpose(alarm: &Alarm) -> &str {
    let text =
        alarm.description.split_once(" Runbook: ").map_or(alarm.description.as_str(), |(text, _)| text);
    text.split_once("] ").filter(|(severity, _)| severity.starts_with('[')).map_or(text, |(_, text)| text)
}

fn state_badge(seen: &Seen, name: &str) -> Markup {
    ui::badge(seen.alarms.state(name).map_or("-", State::as_str))
}

#[cfg(test)]
mod tests {
    use cloudwatch_model::{
        AlarmSet, Datapoint, Dimensions, Distribution, Inputs, MetricId, MetricStore, Resolution, Template,
        Timestamp, Unit,
    };
    use local_stack::observe::Seen;
    use local_stack::observe::alarms::AlarmBoard;

    use crate::tests::Harness;

    const TEMPLATE: &str = r#"{"Resources": {
      "DlqNotEmpty": {"Type": "AWS::CloudWatch::Alarm",
        "Metadata": {"severity": "page", "owner": "us", "runbook": "runbooks/dlq-not-empty.md", "reason": "none is <lost>"},
        "Properties": {"AlarmName": "dlq-not-empty", "AlarmDescription": "[page] Messages lie there. Runbook: runbooks/dlq-not-empty.md", "Namespace": "N", "MetricName": "M",
          "Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 0,
          "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"}},
      "Both": {"Type": "AWS::CloudWatch::CompositeAlarm",
        "Metadata": {"severity": "ticket", "owner": "us", "runbook": "runbooks/slo-burn.md", "reason": "-"},
        "Properties": {"AlarmName": "both", "AlarmDescription": "d", "AlarmRule": "ALARM(\"dlq-not-empty\")"}}}}"#;

    fn seen() -> Seen {
        let template = Template::parse("t", TEMPLATE).unwrap();
        let inputs = Inputs { parameters: [].into(), region: "r".into(), account_id: "1".into() };
        let set = AlarmSet::read(&template.resolve(&inputs).unwrap()).unwrap();
        Seen {
            alarms: AlarmBoard::new(set, Timestamp::from_millis(0)),
            metrics: MetricStore::new(),
            ..Seen::default()
        }
    }

    #[tokio::test]
    async fn every_alarm_is_listed_below_its_state_with_a_link() {
        let page = Harness::new(seen()).page("/alarms").await;
        assert!(page.contains("None of 2 alarms rings."), "{page}");
        assert!(page.contains("<a class=\"row-name\" href=\"/alarms/dlq-not-empty\">"), "{page}");
        assert!(page.contains("Without data") && !page.contains("Ringing"), "{page}");
    }

    #[tokio::test]
    async fn an_alarm_that_rings_is_the_same_row_on_home_as_in_the_list() {
        let mut seen = seen();
        seen.metrics.put(Datapoint {
            metric: MetricId::new("N", "M", Dimensions::default()).unwrap(),
            timestamp: Timestamp::from_millis(1),
            unit: Unit::None,
            values: Distribution::of_values(&[1.0]).unwrap(),
            resolution: Resolution::Standard,
        });
        seen.alarms.tick(&seen.metrics, Timestamp::from_millis(60_000)).unwrap();
        let harness = Harness::new(seen);
        let row = |page: &str| {
            let (_, row) = page.split_once("<li id=\"alarm-dlq-not-empty\">").unwrap();
            row.split("</li>").next().unwrap().to_owned()
        };
        let (home, list) = (harness.page("/").await, harness.page("/alarms").await);
        assert!(row(&list).contains("href=\"/alarms/dlq-not-empty#doc-mitigation\""), "{list}");
        assert_eq!(row(&home), row(&list));
    }

    #[tokio::test]
    async fn one_alarm_shows_condition_evidence_and_runbook() {
        let page = Harness::new(seen()).page("/alarms/dlq-not-empty").await;
        assert!(page.contains("1 of 1 periods of 60 s"), "{page}");
        assert!(
            page.contains(
                "no data in the last 3 periods (missing data is notBreaching); 1 of 1 make an alarm"
            ),
            "{page}"
        );
        assert!(page.contains("none is &lt;lost&gt;"), "{page}");
        // Severity and runbook have places of their own.
        assert!(page.contains(">Messages lie there.<") && !page.contains("[page]"), "{page}");
        assert!(
            page.contains("data-copy=\"dlq list\"") && page.contains("<h3 id=\"doc-is-it-real\">"),
            "{page}"
        );
        assert!(page.contains("hx-get=\"/alarms/dlq-not-empty/tests\""), "{page}");
    }

    #[tokio::test]
    async fn commands_that_can_be_run_have_a_button_and_the_others_say_why_not() {
        let page = Harness::new(seen()).page("/alarms/dlq-not-empty").await;
        assert!(page.contains("hx-post=\"/runbooks/dlq-not-empty/run?block=2\""), "{page}");
        assert!(!page.contains("run?block=6\"") && page.contains("you fill in XRAY_TRACE_ID"), "{page}");
    }

    #[tokio::test]
    async fn no_request_runs_other_commands_than_those_that_have_a_button() {
        let harness = Harness::new(seen());
        let token = harness.token().await;
        assert_eq!(harness.post("/runbooks/dlq-not-empty/run?block=0", "guess", "").await.0, 403);
        for (path, expected) in [
            ("/runbooks/dlq-not-empty/run?block=6", 409),
            ("/runbooks/dlq-not-empty/run?block=99", 404),
            ("/runbooks/..%2FREADME/run?block=0", 404),
            ("/runbooks/dlq-not-empty/run?block=ls", 400),
        ] {
            let (status, page) = harness.post(path, &token, "script=ls").await;
            assert_eq!(status, expected, "{path}: {page}");
        }
    }

    #[tokio::test]
    async fn commands_that_delete_messages_are_asked_about_first_with_what_is_lost() {
        let harness = Harness::new(seen());
        let page = harness.page("/alarms/dlq-not-empty").await;
        for (block, label) in [(8, "Dry run"), (11, "Dry run"), (12, "Run…")] {
            let button = page.split(&format!("/run?block={block}\"")).nth(1).unwrap();
            assert!(button.split('>').nth(1).unwrap().starts_with(label), "{block}: {button}");
        }
        let (status, asked) =
            harness.post("/runbooks/dlq-not-empty/run?block=12", &harness.token().await, "").await;
        assert!(status == 200 && asked.contains("Nothing was changed so far."), "{asked}");
        assert!(asked.contains("are deleted from the dead-letter queue"), "{asked}");
        assert!(asked.contains("hx-post=\"/runbooks/dlq-not-empty/run?block=12&amp;sure=true\""), "{asked}");
    }

    #[tokio::test]
    async fn a_composite_alarm_shows_what_it_looks_at() {
        let page = Harness::new(seen()).page("/alarms/both").await;
        assert!(page.contains("ALARM(") && page.contains("href=\"/alarms/dlq-not-empty\""), "{page}");
    }

    #[tokio::test]
    async fn the_tests_of_an_alarm_are_run_and_told_one_by_one() {
        let page = Harness::new(seen()).page("/alarms/dlq-not-empty/tests").await;
        assert!(page.contains("passes") && !page.contains("fails"), "{page}");
        assert!(page.contains("alarms/tests/dlq-not-empty.json"), "{page}");
    }

    #[tokio::test]
    async fn names_that_are_none_are_answered_as_such() {
        let harness = Harness::new(seen());
        for path in ["/alarms/nope", "/alarms/nope/tests", "/runbooks/nope", "/runbooks/..%2FREADME"] {
            assert_eq!(harness.get(path).await.0, 404, "{path}");
        }
        assert!(harness.page("/runbooks/slo-burn").await.contains("data-copy="));
        assert!(Harness::new(Seen::default()).page("/alarms").await.contains("This stack has no alarms."));
    }
}
