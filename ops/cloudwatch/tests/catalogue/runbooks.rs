//! Every alarm that rings leads to its runbook, and every runbook can be followed.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use cloudwatch_model::alarm::{Alarm, Kind, State};

use super::assets::{alarms, dashboards, files, ringing, text};

const SECTIONS: &[&str] = &[
    "## Meaning",
    "## Impact",
    "## Dashboard and traces",
    "## Is it real?",
    "## Triage",
    "## Mitigation",
    "## Verify",
    "## Rollback",
    "## Escalate",
    "## History",
];

/// Runbooks that no alarm leads to.
const WITHOUT_ALARM: &[&str] = &["deploy-rollback", "game-day", "traces-missing"];

fn severity(alarm: &Alarm) -> &'static str {
    match alarm.actions.on(State::Alarm) {
        [topic] if topic.ends_with("-page") => "page",
        [topic] if topic.ends_with("-ticket") => "ticket",
        [] => "silent",
        _ => panic!("{} notifies other topics than page or ticket", alarm.name),
    }
}

#[test]
fn every_alarm_states_its_severity_its_first_step_and_its_runbook() {
    for alarm in alarms() {
        let (severity, name) = (severity(&alarm), &alarm.name);
        assert_eq!(alarm.notes.severity, severity, "{name}");
        assert_eq!(alarm.notes.owner, "image-pipeline", "{name}");
        assert!(alarm.notes.reason.len() > 80, "{name} needs a reason");
        assert!(alarm.description.starts_with(&format!("[{severity}] ")), "{name}");
        assert!(severity == "silent" || alarm.description.contains(" First: "), "{name} needs a first step");
        let runbook = alarm.notes.runbook.strip_prefix("runbooks/").unwrap();
        let link = format!(" Runbook: https://example.com/runbooks/{runbook}");
        assert!(alarm.description.ends_with(&link), "{name}: {}", alarm.description);
        assert!(alarm.description.len() <= 1024, "{name}: CloudWatch takes 1024 characters");
        assert_eq!(
            alarm.actions.on(State::Ok),
            alarm.actions.on(State::Alarm),
            "{name}: who is notified of the alarm is notified of its end"
        );
        let own = format!("{name}.md");
        assert!(severity == "silent" || runbook == own, "{name}: the runbook is called like the alarm");
    }
}

#[test]
fn every_alarm_states_what_missing_data_means() {
    for file in files("alarms", "json") {
        let template: serde_json::Value = serde_json::from_str(&text(&file)).unwrap();
        for (id, resource) in template["Resources"].as_object().unwrap() {
            let is_metric = resource["Type"] == "AWS::CloudWatch::Alarm";
            let stated = resource["Properties"].get("TreatMissingData").is_some();
            assert!(!is_metric || stated, "{file}: {id}");
        }
    }
}

#[test]
fn a_silent_alarm_is_part_of_one_that_rings_and_uses_its_runbook() {
    let ringing = ringing();
    for silent in alarms().iter().filter(|alarm| alarm.actions.on(State::Alarm).is_empty()) {
        let looks_at = |alarm: &&Alarm| match &alarm.kind {
            Kind::Composite(rule) => rule.alarms().contains(&silent.name.as_str()),
            Kind::Metric(_) => false,
        };
        let parent =
            ringing.iter().find(looks_at).unwrap_or_else(|| panic!("{} notifies nobody", silent.name));
        assert_eq!(silent.notes.runbook, parent.notes.runbook, "{}", silent.name);
    }
}

#[test]
fn runbooks_and_alarms_that_ring_are_the_same_set() {
    let names: BTreeSet<String> = ringing().into_iter().map(|alarm| alarm.name).collect();
    let wanted: BTreeSet<String> =
        names.into_iter().chain(WITHOUT_ALARM.iter().map(|name| (*name).to_owned())).collect();
    let stem = |file: String| file.trim_start_matches("runbooks/").trim_end_matches(".md").to_owned();
    assert_eq!(files("runbooks", "md").into_iter().map(stem).collect::<BTreeSet<_>>(), wanted);
}

#[test]
fn a_runbook_names_its_alarm_and_has_every_section_in_order() {
    for alarm in ringing() {
        let page = text(&alarm.notes.runbook);
        let severity = alarm.notes.severity.as_str();
        assert!(page.contains(&format!("**Severity:** {severity} ")), "{}", alarm.name);
        let named = format!("**Alarm:** `<NamePrefix>{}`, `{}`", alarm.name, alarm.location.file_name());
        assert!(page.contains(&named), "{}: {named}", alarm.name);
    }
    for file in files("runbooks", "md") {
        let page = text(&file);
        let found: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(found, SECTIONS, "{file}");
        assert!(page.contains("**Last reviewed:** 20"), "{file}");
    }
}

#[test]
fn every_command_of_a_runbook_is_shell_and_states_what_to_expect() {
    for file in files("runbooks", "md") {
        let page = text(&file);
        let mut parts = page.split("```bash\n").skip(1).peekable();
        assert!(parts.peek().is_some(), "{file} has no command");
        let mut script = String::new();
        for part in parts {
            let (command, after) = part.split_once("```").unwrap();
            script.push_str(command);
            let is_stated = after.trim_start().starts_with("Expected: ");
            assert!(is_stated, "{file}: no `Expected: ` follows\n{command}");
        }
        let mut shell = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
        shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(shell.wait().unwrap().success(), "{file} is no shell");
    }
}

#[test]
fn runbooks_name_parts_of_dashboards_that_exist() {
    let headings: String = dashboards().iter().map(|(_, body)| body.to_string().to_lowercase()).collect();
    for file in files("runbooks", "md") {
        let page = text(&file);
        let section = page.split("## Dashboard and traces").nth(1).unwrap().split("\n## ").next().unwrap();
        let prose = section.rsplit("```").next().unwrap().replace('\n', " ");
        for (index, quoted) in prose.split('"').enumerate().filter(|(index, _)| index % 2 == 1) {
            assert!(
                headings.contains(&quoted.to_lowercase()),
                "{file}: no dashboard has `{quoted}` ({index})"
            );
        }
    }
}
