//! What drills of `alarms/drills` do not show: a panel, the mails of one topic, and a stack on which nothing happens.

use std::collections::BTreeSet;

use cloudwatch_model::State;
use cloudwatch_model::alarm::Alarm;
use http::{Method, StatusCode};
use image::ImageFormat;
use local_stack::faults::{InjectedFault, Rule};
use local_stack::observe::Seen;
use local_stack::user::Tokens;
use serde_json::Value;

use crate::crowd::push;
use crate::harness::Harness;
use crate::picture::picture;
use crate::uploader::{somebody, upload};

/// A stack that is well, and what has rung on it since.
struct Drill {
    harness: Harness,
    user: Tokens,
    /// How many transitions there were when all was well.
    before: usize,
}

impl Drill {
    /// Brings a stack up, sends an image through it, and waits until every alarm is OK.
    async fn begin(kind: &'static str, parameters: &'static [(&'static str, &'static str)]) -> Self {
        let harness = Harness::drilled(kind, parameters).await;
        let user = somebody(&harness).await;
        let issued = upload(&harness, &user, picture(ImageFormat::Jpeg)).await;
        assert_eq!(harness.settled(&issued.image_id).await.status(), "DONE");
        let well = |seen: &Seen| {
            let is_ok = |alarm: &Alarm| seen.alarms.state(&alarm.name) == Some(State::Ok);
            seen.alarms.set().iter().all(is_ok).then(|| seen.alarms.after(0).1)
        };
        let before = harness.seen("a stack whose alarms are all OK", "nothing", well).await;
        Self { harness, user, before }
    }

    /// The alarms with actions that have rung since all was well.
    fn rung(&self) -> BTreeSet<String> {
        self.harness.observer.look(|seen| {
            let rang = seen.alarms.after(self.before).0.into_iter().filter(|it| it.to == State::Alarm);
            let has_actions =
                |name: &String| !seen.alarms.set().get(name).unwrap().actions.on(State::Alarm).is_empty();
            rang.map(|transition| transition.alarm).filter(has_actions).collect()
        })
    }

    /// Waits until an alarm enters a state and its mail is there.
    async fn mailed(&self, alarm: &str, state: State) {
        let before = self.before;
        let entered = |seen: &Seen| {
            let entered = seen.alarms.after(before).0;
            entered.iter().any(|it| it.alarm == alarm && it.to == state).then_some(())
        };
        self.harness.seen(&format!("{state} of {alarm}"), alarm, entered).await;
        let subject = format!("{state}: \"{alarm}\" in ");
        let mailed = |seen: &Seen| {
            let mail = seen.mail.find(None);
            mail.iter().rev().find(|mail| mail.subject.starts_with(&subject)).map(|mail| mail.body.clone())
        };
        let body = self.harness.seen("the mail of the alarm", alarm, mailed).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&body["AlarmName"], &body["NewStateValue"]), (&alarm.into(), &state.as_str().into()));
    }

    /// Waits until `count` more minutes of the plane were evaluated.
    async fn minutes(&self, count: i64) {
        let until = self.harness.observer.clock().now().plus_millis(count * 60_000);
        let reached = |seen: &Seen| seen.alarms.evaluated().filter(|at| *at >= until);
        self.harness.seen("more minutes", "the clock", reached).await;
    }
}

fn names(alarms: &[&str]) -> BTreeSet<String> {
    alarms.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
#[ignore = "takes half a minute"]
async fn hundred_files_that_are_no_images_ring_nothing_and_show_on_the_panel() {
    let drill = Drill::begin("drill-corrupt", &[]).await;
    let files = (0..100).map(|number| format!("no image {number}").into_bytes()).collect();
    let ids = push(&drill.harness, &drill.user, 4, files).await;
    for id in &ids {
        assert_eq!(drill.harness.settled(id).await.status(), "FAILED");
    }
    drill.minutes(20).await;

    assert_eq!(drill.rung(), BTreeSet::new());
    let svg = format!("{}/api/dashboard.svg?name=image-pipeline-uploads", drill.harness.info.console);
    let answer = aws_client::http::Http::new().send(Method::GET, &svg, &[], "").await.unwrap();
    let svg = String::from_utf8_lossy(answer.body()).into_owned();
    let panel = svg.split("Files refused in the last day").nth(1).unwrap();
    assert!(panel.contains(">NotAnImage<") && panel.contains(">100<"), "the table of refusals lacks them");
}

#[tokio::test]
#[ignore = "takes a minute and a half"]
async fn first_hour_of_a_new_stack_sends_no_mail_about_alarms() {
    let harness = Harness::drilled("drill-first-hour", &[]).await;
    let until = harness.observer.clock().now().plus_millis(60 * 60_000);
    let hour = |seen: &Seen| seen.alarms.evaluated().filter(|at| *at >= until);
    harness.seen("an hour of the plane", "the clock", hour).await;

    harness.observer.look(|seen| {
        let (transitions, _) = seen.alarms.after(0);
        let other = transitions.iter().find(|it| (it.from, it.to) != (State::InsufficientData, State::Ok));
        assert_eq!(other, None);
        let names: BTreeSet<&str> = transitions.iter().map(|it| it.alarm.as_str()).collect();
        assert_eq!(names, seen.alarms.set().iter().map(|alarm| alarm.name.as_str()).collect());
        let subjects: Vec<String> = seen.mail.find(None).into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, Vec::<String>::new());
    });
}

#[tokio::test]
#[ignore = "takes a minute"]
async fn buckets_that_cannot_be_listed_are_one_mail_of_each_alarm_and_none_of_a_failed_run() {
    let drill = Drill::begin("drill-scans", &[]).await;
    let refused =
        InjectedFault::Refuse { status: StatusCode::INTERNAL_SERVER_ERROR, code: "InternalError".into() };
    let rule = Rule::next("s3", "ListObjectsV2", "", refused);
    let strike = drill.harness.faults.strike(Rule { times: usize::MAX, ..rule });

    drill.mailed("s3-metrics-failing", State::Alarm).await;
    drill.mailed("s3-metrics-heartbeat", State::Alarm).await;
    drill.minutes(15).await;
    let about_tickets = |seen: &Seen| {
        let mail = seen.mail.find(None).into_iter().filter(|mail| mail.topic.ends_with("-ticket"));
        mail.map(|mail| mail.subject.split(" in ").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let subjects = drill.harness.observer.look(about_tickets);
    assert_eq!(subjects, ["ALARM: \"s3-metrics-failing\"", "ALARM: \"s3-metrics-heartbeat\""]);
    drop(strike);
    drill.mailed("s3-metrics-failing", State::Ok).await;
    drill.mailed("s3-metrics-heartbeat", State::Ok).await;

    assert_eq!(drill.rung(), names(&["s3-metrics-failing", "s3-metrics-heartbeat"]));
}
