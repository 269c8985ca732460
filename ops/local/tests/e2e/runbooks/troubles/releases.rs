//! Releases, and rehearsals.

use std::path::Path;
use std::process::Command;

use crate::queue::dead_letters;
use crate::runbooks::rehearsal::Rehearsal;
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
    // The engine judges alarms by rules of its own; ours are judged by `ops`.
    let all = stage.aws.query("monitoring", "2010-08-01", "DescribeAlarms", &[]).await.unwrap();
    for name in
        local_stack::xml::leaves(&all).iter().filter_map(|leaf| leaf.strip_prefix("member/AlarmName="))
    {
        let fine = [("AlarmName", name), ("StateValue", "OK"), ("StateReason", "a rehearsal")];
        stage.aws.query("monitoring", "2010-08-01", "SetAlarmState", &fine).await.unwrap();
    }
}
