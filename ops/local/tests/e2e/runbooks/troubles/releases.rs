//! Releases, and rehearsals.

use std::path::Path;
use std::process::Command;

use aws_client::xml;
use cloudwatch_model::{Alarm, State};
use local_stack::observe::Seen;

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
    // A reader looks half an hour later, when all is forgotten. Here those that ring are said to be fine, just
    // after the end of a minute: until the next one no alarm changes.
    let before = stage.observer.look(|seen| seen.alarms.evaluated());
    let later = |seen: &Seen| (seen.alarms.evaluated() > before).then_some(());
    stage.seen("the end of a minute", "nothing", later).await;
    let told = async || {
        let (known, ringing) = (alarms(stage, &[]).await, alarms(stage, &RINGING).await);
        stage.observer.look(|seen| {
            let rings = |alarm: &&Alarm| seen.alarms.state(&alarm.name) == Some(State::Alarm);
            let mut meant = seen.alarms.set().iter().filter(rings).map(|alarm| &alarm.name);
            meant.all(|name| ringing.contains(name) || !known.contains(name)).then_some(())
        })
    };
    assert!(stage.until(told).await.is_some(), "{}", stage.story("nothing"));
    for name in alarms(stage, &RINGING).await {
        let fine = [("AlarmName", name.as_str()), ("StateValue", "OK"), ("StateReason", "a rehearsal")];
        stage.aws.query("monitoring", "2010-08-01", "SetAlarmState", &fine).await.unwrap();
    }
}

const RINGING: [(&str, &str); 1] = [("StateValue", "ALARM")];

/// The names of the alarms that `filter` leaves.
async fn alarms(stage: &Stage, filter: &[(&str, &str)]) -> Vec<String> {
    let said = stage.aws.query("monitoring", "2010-08-01", "DescribeAlarms", filter).await.unwrap();
    xml::members(&said, "MetricAlarms", ["AlarmName"]).into_iter().map(|[name]| name).collect()
}
