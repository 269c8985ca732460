//! Troubles of releases, and the game day.

use std::path::Path;
use std::process::Command;

use cloudwatch_model::{Alarm, State};
use local_stack::observe::Seen;

use crate::queue::dead_letters;
use crate::runbooks::reader::Reader;
use crate::switches::{consume, schedule};

/// A repository with the commit that is deployed and the one before.
pub(in crate::runbooks) async fn release_is_bad(reader: &mut Reader) {
    let here = reader.session.here.clone();
    git(&here, &["init", "--quiet"]);
    for message in ["The good one", "The bad one"] {
        git(&here, &["commit", "--quiet", "--allow-empty", "--message", message]);
    }
    reader.set("COMMIT", &git(&here, &["rev-parse", "HEAD~1"])).await;
}

fn git(here: &Path, arguments: &[&str]) -> String {
    let somebody = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com"];
    let output = Command::new("git").args(somebody).args(arguments).current_dir(here).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The faults that the runbook causes are undone one by one, as the runbooks under test would.
pub(in crate::runbooks) async fn players_come(reader: &mut Reader) {
    let harness = reader.harness;
    reader.up_to("send-message").await;
    consume(harness, true).await;
    reader.up_to("disable-rule").await;
    let given_up = async || (dead_letters(harness).await == ["no notification"]).then_some(());
    assert!(harness.until(given_up).await.is_some(), "{}", harness.story("nothing"));
    super::purge(harness).await;
    reader.up_to("get-function-configuration").await;
    schedule(harness, "EnableRule").await;
    reader.until("Verify").await;
    // A reader looks half an hour later, when all is forgotten. Here those that ring are set to OK, just
    // after the end of a minute: until the next one no alarm changes.
    let before = harness.observer.look(|seen| seen.alarms.evaluated());
    let later = |seen: &Seen| (seen.alarms.evaluated() > before).then_some(());
    harness.seen("the end of a minute", "nothing", later).await;
    let ringing: Vec<String> = harness.observer.look(|seen| {
        let rings = |alarm: &&Alarm| seen.alarms.state(&alarm.name) == Some(State::Alarm);
        seen.alarms.set().iter().filter(rings).map(|alarm| alarm.name.clone()).collect()
    });
    for name in ringing {
        let fine =
            [("AlarmName", name.as_str()), ("StateValue", "OK"), ("StateReason", "the test of a runbook")];
        harness.aws.query("monitoring", "2010-08-01", "SetAlarmState", &fine).await.unwrap();
    }
}
