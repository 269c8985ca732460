//! One alarm whole: its day, its datapoints and threshold, why it is in its state, its tests, its runbook.

use aws_client::chain;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Html;
use cloudwatch_model::Timestamp;
use cloudwatch_model::alarm::{
    Alarm, EXTRA_POINTS, Fate, Kind, MetricAlarm, Rule, State, Transition, timeline,
};
use cloudwatch_model::dashboard::svg::Theme;
use local_stack::observe::news::Topic;
use local_stack::observe::{Clock, Seen};
use maud::{Markup, PreEscaped, html};

use super::{purpose, runbook, state_badge};
use crate::app::App;
use crate::assets;
use crate::layout::{Head, page};
use crate::page::{Page, Problem};
use crate::ui::range::Range;
use crate::ui::{self, Column, href};

const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: i64 = 1_440;
const DEFAULT_MS: i64 = 3 * 60 * MINUTE_MS;
/// How many changes of the state are listed.
const CHANGES: usize = 50;

pub(super) async fn show(app: App, Path(name): Path<String>, Query(range): Query<Range>) -> Page {
    let clock = app.source.observer.clock();
    let found = app.source.observer.look(|seen| {
        let alarm = seen.alarms.set().get(&name)?;
        Some((alarm.clone(), watched(alarm, seen, clock, &range)))
    });
    let Some((alarm, watched)) = found else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "No such alarm",
            "No alarm of the stack has this name.",
        ));
    };
    let tests = html! {
        div hx-get={ (href::alarm(&name)) "/tests" } hx-trigger="load" hx-swap="innerHTML" { p .inset .soft { "Running…" } }
    };
    let content = html! {
        div .stack {
            (ui::live("alarm", &[Topic::Alarms], watched))
            (ui::card("Unit tests", html! { "run just now, on the alarm as the repository has it" }, tests))
            (runbook::card(&app, &alarm.notes.runbook))
        }
        script src=(assets::path("graphs.js")) defer {}
    };
    let head = Head { at: "/alarms", title: &name, lead: purpose(&alarm) };
    Ok(Html(page(&app, head, content).into_string()))
}

/// What changes as time goes on.
fn watched(alarm: &Alarm, seen: &Seen, clock: &Clock, range: &Range) -> Markup {
    let at = seen.alarms.evaluated().unwrap_or_else(|| clock.now());
    let history: Vec<&Transition> = seen.alarms.history().filter(|it| it.alarm == alarm.name).collect();
    html! {
        div .stack {
            (standing(alarm, seen, clock))
            @match &alarm.kind {
                Kind::Metric(metric) => {
                    (graph(metric, seen, at, range))
                    (evidence(&alarm.name, metric, seen, at, clock))
                },
                Kind::Composite(rule) => (looked_at(rule, seen)),
            }
            (day(alarm, seen, &history, clock))
        }
    }
}

fn standing(alarm: &Alarm, seen: &Seen, clock: &Clock) -> Markup {
    let standing = seen.alarms.standing(&alarm.name);
    let topics: Vec<&str> =
        alarm.actions.on(State::Alarm).iter().filter_map(|topic| topic.rsplit(':').next()).collect();
    let notifies = if topics.is_empty() { "nobody".to_owned() } else { topics.join(", ") };
    ui::card(
        "State",
        html! {},
        ui::facts(&[
            ("State", state_badge(seen, &alarm.name)),
            (
                "Since",
                html! { @if let Some(standing) = standing { (ui::time::ago_by(clock, standing.since)) } @else { "–" } },
            ),
            ("Reason", reason(standing.map_or("Not decided yet.", |standing| &standing.reason))),
            ("Condition", condition(alarm)),
            ("Severity", html! { (alarm.notes.severity) }),
            ("Notifies", html! { (notifies) }),
            ("Owner", html! { (alarm.notes.owner) }),
            ("Why it is so", html! { (alarm.notes.reason) }),
        ]),
    )
}

/// Why a state is what it is, with room for most of what it may come to be.
fn reason(text: &str) -> Markup {
    html! { div .reason { (text) } }
}

fn condition(alarm: &Alarm) -> Markup {
    match &alarm.kind {
        Kind::Composite(rule) => html! { code { (rule) } },
        Kind::Metric(metric) => html! {
            div {
                (metric.datapoints_to_alarm) " of " (metric.evaluation_periods) " periods of " (metric.period) ": "
                code { (metric.comparison.as_str()) " " (metric.threshold) }
            }
            div { "missing data is " code { (metric.missing.as_str()) } }
            @for stat in metric.source.metrics() { div .mono .soft { (stat.statistic) " of " (stat.metric) } }
        },
    }
}

fn graph(metric: &MetricAlarm, seen: &Seen, at: Timestamp, range: &Range) -> Markup {
    let span = range.millis(DEFAULT_MS.max(metric.period.as_millis() * 20));
    let drawing = match metric.svg("value", &seen.metrics, at, span, Theme::Page) {
        Ok(svg) => {
            html! { div .drawing .scroll tabindex="0" role="region" aria-label="Graph" { (PreEscaped(svg)) } }
        }
        Err(error) => html! { p .problem { (chain(&error)) } },
    };
    let note = html! { "a ring marks what the last evaluation fetched" };
    ui::card("Datapoints and threshold", note, html! { div .inset { (range.links(span)) } (drawing) })
}

fn evidence(name: &str, metric: &MetricAlarm, seen: &Seen, at: Timestamp, clock: &Clock) -> Markup {
    let before = seen.alarms.state(name).unwrap_or(State::InsufficientData);
    let verdict = match metric.evaluate(&seen.metrics, at, before) {
        Ok(verdict) => verdict,
        Err(error) => return ui::card("Why", html! {}, html! { p .problem { (chain(&error)) } }),
    };
    let until = metric.last_step(at);
    let newest_first = verdict.points.iter().rev().zip(0i64..);
    let rows = html! {
        @for (point, back) in newest_first {
            @let fate = metric.fate(*point);
            tr {
                td { (ui::time::ago_by(clock, until.plus_millis(-back * metric.period.as_millis()))) }
                td .number { @match point { Some(value) => { (value) }, None => { "–" } } }
                td {
                    @match fate {
                        Fate::Breaching => span .badge .bad { "breaches" },
                        Fate::Within => span .badge .good { "within" },
                        Fate::Missing => span .badge .idle { "missing" },
                    }
                    @if back >= i64::try_from(metric.evaluation_periods).unwrap_or(i64::MAX) {
                        " " span .note { "counts where newer ones are missing" }
                    }
                }
            }
        }
    };
    let columns = [Column::Text("Period ended"), Column::Number("Value"), Column::Text("Counts as")];
    let note = html! { "at most " (EXTRA_POINTS) " more than the periods are fetched" };
    ui::card(
        "Why",
        note,
        html! {
            div .inset { (reason(&format!("{}.", metric.explain(&verdict)))) }
            (ui::table("Datapoints that decided", &columns, rows))
        },
    )
}

fn looked_at(rule: &Rule, seen: &Seen) -> Markup {
    let rows = html! {
        @for name in rule.alarms() {
            tr {
                td { a href=(href::alarm(name)) { (name) } }
                td { (state_badge(seen, name)) }
                td { @if let Some(standing) = seen.alarms.standing(name) { (standing.reason) } }
            }
        }
    };
    let columns = [Column::Text("Alarm"), Column::Text("State"), Column::Text("Reason")];
    ui::card("Why", html! { "it follows from other alarms" }, ui::table("Alarms that decide", &columns, rows))
}

/// The last day's states, as a bar and in words.
fn day(alarm: &Alarm, seen: &Seen, history: &[&Transition], clock: &Clock) -> Markup {
    let now = clock.now();
    let begin = now.plus_millis(-DAY_MINUTES * MINUTE_MS);
    let state = seen.alarms.state(&alarm.name).unwrap_or(State::InsufficientData);
    let stretches = timeline(history.iter().copied(), state, begin.max(seen.alarms.created()), now);
    let minutes = |at: Timestamp| (at.as_millis() - begin.as_millis()) / MINUTE_MS;
    let bar = html! {
        svg .day viewBox={ "0 0 " (DAY_MINUTES) " 24" } preserveAspectRatio="none" role="img"
            aria-label="States of the last 24 hours; the changes are listed below" {
            @for stretch in &stretches {
                @let (from, until) = (minutes(stretch.from), minutes(stretch.until));
                rect .{ "state-" (stretch.state) } x=(from) y="0" width=((until - from).max(3)) height="24" {
                    title { (stretch.state) }
                }
            }
        }
        p .day-axis aria-hidden="true" {
            @for label in ["24 h ago", "18 h", "12 h", "6 h", "now"] { span { (label) } }
        }
    };
    let rows = html! {
        @for change in history.iter().rev().take(CHANGES) {
            tr id={ "change-" (change.at.as_millis()) } {
                td { (ui::time::ago_by(clock, change.at)) }
                td { (ui::badge(change.from.as_str())) " → " (ui::badge(change.to.as_str())) }
                td { (change.reason) }
            }
        }
    };
    let columns = [Column::Text("When"), Column::Text("Change"), Column::Text("Reason")];
    let list = if history.is_empty() {
        ui::empty(
            "Its state has not changed.",
            html! { p { "A drill makes it ring: see " a href="/drills" { "Drills" } "." } },
        )
    } else {
        ui::table("Changes of its state", &columns, rows)
    };
    ui::card("The last 24 hours", html! { "by the metrics' clock" }, html! { div .inset { (bar) } (list) })
}
