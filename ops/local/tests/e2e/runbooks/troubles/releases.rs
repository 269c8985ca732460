//! Releases, and rehearsals.

use std::path::Path;
use std::process::Command;

use local_stack::xml;

use crate::queue::dead_letters;
use crate::runbooks::rehearsal::Rehearsal;
use crate::stage::Stage;
use crate::switches::{consume, schedule};

/// A repository with the commit that is deployed and the one before.
pub(in crate::runbooks) async fn release_is_bad(book: &mut Rehearsal) {
    let here = book.session.here.clone();
    git(&here, &["init", "--quiet"]);
    for message in ["The good one", "The bad one"] {
        git(&here, &["commit", "--quiet", "--allow-empty", "--message", message]);
    }
    book.set("COMMIT", &git(&here, &["rev-parse", "HEAD~1"])).await;
}

fn git(here: &Path, arguments: &[&str]) -> String {
    let somebody = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com"];
    let output = Command::new("git").args(somebody).args(arguments).current_dir(here).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The faults that the runbook causes are undone one by one, as the runbooks under test would.
pub(in crate::runbooks) async fn players_come(book: &mut Rehearsal) {
    let stage = book.stage;
    book.up_to("send-message").await;
    consume(stage, true).await;
    book.up_to("disable-rule").await;
    let given_up = async || (dead_letters(stage).await == ["no notification"]).then_some(());
    assert!(stage.until(given_up).await.is_some(), "{}", stage.story("nothing"));
    super::purge(stage).await;
    book.up_to("get-function-configuration").await;
    schedule(stage, "EnableRule").await;
    book.until("Verify").await;
    let quiet = async || all_alarms_are_fine(stage).await.then_some(());
    assert!(stage.until(quiet).await.is_some(), "{}", stage.story("nothing"));
}

/// Whether an alarm that is said to be fine stays so: the engine judges by rules of its own, and goes back to
/// ALARM for as long as the trouble is among the last minutes' data.
async fn all_alarms_are_fine(stage: &Stage) -> bool {
    let alarms = async |filter: &[(&str, &str)]| {
        let said = stage.aws.query("monitoring", "2010-08-01", "DescribeAlarms", filter).await.unwrap();
        let names = xml::leaves(&said).into_iter();
        names.filter_map(|leaf| Some(leaf.strip_prefix("member/AlarmName=")?.to_owned())).collect::<Vec<_>>()
    };
    let ringing = [("StateValue", "ALARM")];
    for name in alarms(&ringing).await {
        let fine = [("AlarmName", name.as_str()), ("StateValue", "OK"), ("StateReason", "a rehearsal")];
        stage.aws.query("monitoring", "2010-08-01", "SetAlarmState", &fine).await.unwrap();
    }
    alarms(&ringing).await.is_empty()
}
