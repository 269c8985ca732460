//! The files of `alarms/drills`: each is understood, names what exists, and stands in the README's table.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step of a helper fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use drill::DrillError;
use drill::file::Drill;
use drill::neighbour::Ops;
use drill::report::MARKERS;
use drill::runner::run;
use drill::series::run_all;
use local_stack::faults::InjectedFault;
use local_stack::stack::StackInfo;
use serde_json::{Value, json};

/// Alarms that no drill makes ring, and why not.
const WITHOUT_DRILL: [(&str, &str); 6] = [
    ("dlq-aging", "rings after three days"),
    (
        "lambda-throttles",
        "did not ring in processor-throttled: what was throttled once stays hidden for minutes",
    ),
    ("sns-delivery-failed", "the engine makes no failure of a delivery"),
    ("api-latency", "the signer calls nobody whose answer could be late"),
    ("processor-slow", "eight minutes of invocations that take 24 s each"),
    ("slo-burn-slow", "the same faults as slo-burn, over six hours"),
];

/// Alarms that depend on no machine's speed: a drill makes them ring, or they stay quiet.
const NEVER_PERHAPS: [&str; 6] = [
    "api-5xx",
    "bucket-almost-full",
    "dlq-aging",
    "dlq-not-empty",
    "s3-metrics-failing",
    "sns-delivery-failed",
];

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The names of the alarms that notify somebody.
fn alarms() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in ["pipeline.json", "slo.json"] {
        let text = fs::read_to_string(root().join("alarms").join(file)).unwrap();
        let template: Value = serde_json::from_str(&text).unwrap();
        for resource in template["Resources"].as_object().unwrap().values() {
            let properties = &resource["Properties"];
            if let Some(name) = properties["AlarmName"]["Fn::Sub"].as_str()
                && !properties["AlarmActions"].is_null()
            {
                names.insert(name.trim_start_matches("${NamePrefix}").to_owned());
            }
        }
    }
    names
}

#[test]
fn every_drill_names_a_runbook_and_alarms_that_exist_and_says_in_one_sentence_what_it_shows() {
    let (drills, alarms) = (Drill::all(&root()).unwrap(), alarms());
    assert!(drills.len() >= 25 && alarms.len() >= 15, "{} drills, {} alarms", drills.len(), alarms.len());
    for drill in &drills {
        let name = &drill.name;
        let is_sentence = drill.purpose.ends_with('.') && !drill.purpose.trim_end_matches('.').contains(". ");
        assert!(is_sentence && drill.purpose.len() < 140, "{name}: {}", drill.purpose);
        assert!(root().join("runbooks").join(format!("{}.md", drill.runbook)).is_file(), "{name}");
        for alarm in drill.rings.iter().map(|ring| &ring.alarm).chain(&drill.may_ring) {
            assert!(alarms.contains(alarm), "{name}: there is no alarm {alarm} that notifies somebody");
        }
        let ended = drill.end.done + drill.end.failed.values().sum::<usize>();
        assert_eq!(ended, drill.uploads(), "{name}: each upload has an end");
        let duplicates = &drill.end.duplicates;
        assert_eq!(duplicates.at_most > 0, !duplicates.cause.is_empty(), "{name}: duplicates have a cause");
        for rule in &drill.fault.rules {
            let is_forever = rule.times == usize::MAX && rule.fault == InjectedFault::Hold;
            assert!(!is_forever, "{name}: a rule that holds every call ends nothing");
        }
    }
}

#[test]
fn every_alarm_rings_in_a_drill_or_it_is_said_why_in_none() {
    let drills = Drill::all(&root()).unwrap();
    let rings = drills.iter().flat_map(|drill| drill.rings.iter().map(|ring| ring.alarm.clone()));
    let mut covered: BTreeSet<String> = rings.collect();
    for (alarm, _) in WITHOUT_DRILL {
        assert!(covered.insert(alarm.to_owned()), "{alarm} has a drill: take it off the list");
    }
    assert_eq!(covered, alarms());
}

#[test]
fn alarm_that_depends_on_no_machines_speed_rings_in_a_drill_or_is_quiet_and_never_just_may() {
    let (drills, alarms) = (Drill::all(&root()).unwrap(), alarms());
    assert!(NEVER_PERHAPS.iter().all(|alarm| alarms.contains(*alarm)), "{NEVER_PERHAPS:?}");
    for Drill { name, rings, may_ring, .. } in &drills {
        for alarm in may_ring {
            assert!(!NEVER_PERHAPS.contains(&alarm.as_str()), "{name}: whether {alarm} rings is certain");
            assert!(rings.iter().all(|ring| ring.alarm != *alarm), "{name}: {alarm} both must and may ring");
        }
    }
}

#[test]
fn file_with_an_unknown_member_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.json");
    let good = json!({"purpose": "It shows.", "runbook": "game-day", "traffic": [], "end": {}});
    fs::write(&path, good.to_string()).unwrap();
    assert_eq!(Drill::read(&path).unwrap().name, "odd");
    for (pointer, word) in [("", "rigns"), ("/end", "lost")] {
        let mut odd = good.clone();
        odd.pointer_mut(pointer).unwrap().as_object_mut().unwrap().insert(word.to_owned(), json!([]));
        fs::write(&path, odd.to_string()).unwrap();
        let error = Drill::read(&path).unwrap_err();
        assert!(format!("{error:?}").contains(word), "{error:?}");
    }
}

#[tokio::test]
async fn drill_that_asks_for_statuses_does_not_begin_on_a_stack_without_that_call() {
    // Nobody listens at its addresses.
    let stack: StackInfo = serde_json::from_value(json!({
        "name": "one", "endpoint": "http://127.0.0.1:1", "console": "http://127.0.0.1:1", "region": "r", "outputs": {},
        "log_groups": [], "outbox_queue_url": "", "pid": 1, "reconciled": [], "known_gaps": [],
        "credentials": {"access_key_id": "k", "secret_access_key": "s"},
        "user": {"email": "e", "password": "p", "sub": "s"},
    }))
    .unwrap();
    let mut drills = Drill::all(&root()).unwrap();
    drills.retain(|drill| ["poison", "status-failing"].contains(&drill.name.as_str()));
    let ops = Ops { program: "none".into(), arguments: Vec::new(), root: root() };

    let several = run_all(&stack, &drills, &ops, &()).await.unwrap_err();
    let alone = run(&stack, &drills[1], &ops, &()).await.unwrap_err();

    for error in [several, alone] {
        assert!(matches!(&error, DrillError::NoStatusApi(name) if name == "status-failing"), "{error:?}");
        assert!(error.to_string().contains("ops up --param StatusApi=enabled"), "{error}");
    }
}

#[test]
fn readme_has_a_row_for_each_drill_and_none_for_others() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = page.split_once(MARKERS[0]).unwrap();
    let (table, _) = rest.split_once(MARKERS[1]).unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| [`")?.split_once('`'));
    let rows: Vec<&str> = rows.map(|(name, _)| name).collect();
    let drills = Drill::all(&root()).unwrap();
    let names: Vec<&str> = drills.iter().map(|drill| drill.name.as_str()).collect();
    assert_eq!(rows, names, "run `ops drill --all --markdown README.md`");
    assert!(!table.contains("**failed**"), "a drill failed in the run that the table is of");
}
