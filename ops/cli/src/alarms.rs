//! `ops alarms`: unit tests of the alarms, and their states on a running stack.

mod deployed;
pub(crate) mod test;

use std::path::Path;

use serde_json::Value;
use terminal::{Terminal, paint};

use crate::cli::alarms::{AlarmsExplainArgs, AlarmsListArgs, AlarmsWatchArgs};
use crate::failure::Failure;
use crate::local::console;
use crate::print::{print_json, print_text, unread};
use crate::signals::Signals;
use crate::similar_names::UnknownName;
use crate::target::{Lookup, Target};

/// How long the console holds a request for transitions before it returns none.
const WAIT_MS: u64 = 30_000;

/// Every alarm with its state.
///
/// # Errors
/// No running stack.
pub(crate) async fn list(
    args: &AlarmsListArgs,
    root: &Path,
    terminal: Terminal,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let target = Target::find(&args.stack, root, lookup).await?;
    let answer = all(&target).await?;
    if args.stack.json {
        return print_json(&answer);
    }
    let alarms = member(&answer, "alarms").as_array().cloned().unwrap_or_default();
    let widest = alarms.iter().map(|alarm| text(alarm, "name").len()).max().unwrap_or(0);
    let row = |alarm: &Value| {
        let since = text(alarm, "since");
        let since = if since.is_empty() { "since it was created" } else { since };
        let state = painted(text(alarm, "state"), terminal);
        format!("{:widest$}  {state}  {:<8}  {since}", text(alarm, "name"), text(alarm, "severity"))
    };
    let mut lines: Vec<String> = alarms.iter().map(row).collect();
    let reason = format!("`ops alarms explain NAME{}` gives the reason, and what to do", target.option());
    lines.push(match member(&answer, "evaluated_at").as_str() {
        _ if matches!(target, Target::Deployed(_)) => format!("as CloudWatch evaluated them; {reason}"),
        Some(at) => format!("evaluated up to {at}; {reason}"),
        None => "not evaluated yet: the first whole minute is not over".to_owned(),
    });
    print_text(&lines.join("\n"), terminal)
}

/// Every alarm with its state, as a document of one shape.
async fn all(target: &Target) -> Result<Value, Failure> {
    match target {
        Target::Local(info) => console::get(info, "alarms", &[]).await,
        Target::Deployed(stack) => deployed::list(stack).await.map_err(Failure::CloudWatch),
    }
}

/// One alarm: what it is, why it is in its state, what to do.
///
/// # Errors
/// No running stack, or no such alarm.
pub(crate) async fn explain(
    args: &AlarmsExplainArgs,
    root: &Path,
    terminal: Terminal,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let target = Target::find(&args.stack, root, lookup).await?;
    let answer: Value = match &target {
        Target::Local(info) => console::get(info, "alarm", &[("name", &args.alarm)]).await?,
        Target::Deployed(stack) => {
            deployed::explain(stack, &args.alarm).await.map_err(Failure::CloudWatch)?
        }
    };
    if answer.get("error").is_some() {
        let all = all(&target).await?;
        let known = member(&all, "alarms").as_array().into_iter().flatten().map(|alarm| text(alarm, "name"));
        return Err(
            UnknownName::among("alarm", &args.alarm, known, "`ops alarms list` names them all").into()
        );
    }
    if args.stack.json { print_json(&answer) } else { print_text(&explanation(&answer, terminal), terminal) }
}

fn explanation(alarm: &Value, terminal: Terminal) -> String {
    let definition = member(alarm, "definition");
    let mut lines = vec![
        format!("{}  {}", text(alarm, "name"), painted(text(alarm, "state"), terminal)),
        text(alarm, "description").to_owned(),
        String::new(),
    ];
    if let Some(rule) = member(definition, "rule").as_str() {
        lines.push(format!("rule      {rule}"));
        let states = member(member(alarm, "now"), "states").as_object().cloned().unwrap_or_default();
        lines.extend(
            states.iter().map(|(name, state)| format!("  {name} is {}", state.as_str().unwrap_or("?"))),
        );
    } else {
        let of = member(definition, "metrics").as_array().cloned().unwrap_or_default();
        lines.extend(of.iter().filter_map(Value::as_str).map(|metric| format!("metric    {metric}")));
        lines.push(format!(
            "alarm     {} of {} periods of {} s {} {}; missing data: {}",
            member(definition, "datapoints_to_alarm"),
            member(definition, "evaluation_periods"),
            member(definition, "period_seconds"),
            text(definition, "comparison"),
            member(definition, "threshold"),
            text(definition, "missing_data"),
        ));
        lines.push(format!("now       {}", text(member(alarm, "now"), "because")));
    }
    for transition in member(alarm, "history").as_array().into_iter().flatten().rev().take(5) {
        lines.push(format!("at {}", transition_line(transition, terminal)));
    }
    lines.push(format!("runbook   {}", text(alarm, "runbook")));
    lines.join("\n")
}

/// Each transition as it comes, until a signal.
///
/// # Errors
/// No running stack, or one that ends.
pub(crate) async fn watch(args: &AlarmsWatchArgs, root: &Path, terminal: Terminal) -> Result<(), Failure> {
    let info = console::find(root, &args.stack.name)?;
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let mut known = 0;
    loop {
        let (after, wait) = (known.to_string(), WAIT_MS.to_string());
        let query = [("after", after.as_str()), ("wait_ms", wait.as_str())];
        let answer: Value = tokio::select! {
            answer = signals.guard(console::get(&info, "transitions", &query)) => answer??,
            () = unread() => return Err(Failure::Closed),
        };
        for transition in member(&answer, "transitions").as_array().into_iter().flatten() {
            if args.stack.json {
                print_json(transition)?;
            } else {
                print_text(&transition_line(transition, terminal), terminal)?;
            }
        }
        known = member(&answer, "count").as_u64().unwrap_or(known);
    }
}

fn transition_line(transition: &Value, terminal: Terminal) -> String {
    format!(
        "{}  {} {} (was {}): {}",
        text(transition, "at"),
        text(transition, "alarm"),
        painted(text(transition, "to"), terminal).trim_end(),
        text(transition, "from"),
        text(transition, "reason"),
    )
}

/// A member of an object; null where there is none, as of an older console.
fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A state in its colour, padded to the width of the longest state.
fn painted(state: &str, terminal: Terminal) -> String {
    let padded = format!("{state:<17}");
    let code = match state {
        "ALARM" => "1;31",
        "OK" => "32",
        _ => "33",
    };
    paint(code, &padded, terminal.style)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use serde_json::json;

    use super::*;

    fn plain() -> Terminal {
        Terminal::of(&std::io::stderr(), |name| (name == "NO_COLOR").then(|| OsString::from("1")))
    }

    #[test]
    fn explanation_says_what_is_compared_what_was_seen_and_where_to_read_on() {
        let alarm = json!({
            "name": "queue-backlog", "state": "ALARM", "description": "Uploads wait.", "runbook": "runbooks/queue-backlog.md",
            "definition": {
                "metrics": ["Maximum of AWS/SQS Age{QueueName=q}"], "datapoints_to_alarm": 3, "evaluation_periods": 5,
                "period_seconds": 60, "comparison": "GreaterThanThreshold", "threshold": 300.0, "missing_data": "notBreaching",
            },
            "now": {"because": "of [400] 1 breach"},
            "history": [{"at": "2026-01-01T00:00:00Z", "alarm": "queue-backlog", "from": "OK", "to": "ALARM", "reason": "r"}],
        });
        let text = explanation(&alarm, plain());
        for part in [
            "queue-backlog  ALARM",
            "metric    Maximum of AWS/SQS Age{QueueName=q}",
            "alarm     3 of 5 periods of 60 s GreaterThanThreshold 300.0; missing data: notBreaching",
            "now       of [400] 1 breach",
            "at 2026-01-01T00:00:00Z  queue-backlog ALARM (was OK): r",
            "runbook   runbooks/queue-backlog.md",
        ] {
            assert!(text.contains(part), "{part} of:\n{text}");
        }
    }

    #[test]
    fn explanation_of_a_composite_lists_the_states_in_its_rule() {
        let alarm = json!({
            "name": "slo-burn", "state": "OK", "definition": {"rule": "ALARM(\"a\")", "looks_at": ["a"]},
            "now": {"states": {"a": "OK"}}, "runbook": "runbooks/slo-burn.md",
        });
        let text = explanation(&alarm, plain());
        assert!(text.contains("rule      ALARM(\"a\")\n  a is OK"), "{text}");
    }
}
