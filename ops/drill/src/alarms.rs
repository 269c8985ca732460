//! The alarms of the stack while a drill runs, by the metrics' clock.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_client::http::Http;
use contract::time::unix_millis;
use http::Method;
use local_stack::stack::StackInfo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use crate::error::DrillError;

/// How long the console holds a request for transitions.
const WAIT_MS: u64 = 500;
const MINUTE_MS: i64 = 60_000;

/// The console's list of alarms.
#[derive(Debug, Deserialize)]
struct Listed {
    alarms: Vec<Alarm>,
    now: String,
    clock_rate: u32,
}

#[derive(Debug, Deserialize)]
struct Alarm {
    name: String,
    state: Option<String>,
    notifies: bool,
}

/// The console's transitions.
#[derive(Debug, Deserialize)]
struct News {
    transitions: Vec<Transition>,
    count: usize,
}

#[derive(Debug, Deserialize)]
struct Transition {
    alarm: String,
    at: String,
    to: String,
}

/// The console's mail.
#[derive(Debug, Deserialize)]
struct Inbox {
    mail: Vec<Mail>,
}

#[derive(Debug, Deserialize)]
struct Mail {
    subject: String,
}

/// An instant of the metrics' clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

impl Moment {
    /// Minutes from an earlier moment to this one.
    pub(crate) fn minutes_since(self, earlier: Self) -> f64 {
        let tenths = (self.0 - earlier.0).max(0) / (MINUTE_MS / 10);
        f64::from(i32::try_from(tenths).unwrap_or(i32::MAX)) / 10.0
    }

    pub(crate) fn unix_millis(self) -> i64 {
        self.0
    }

    pub(crate) fn plus_minutes(self, minutes: u32) -> Self {
        Self(self.0 + i64::from(minutes) * MINUTE_MS)
    }
}

/// An alarm that entered ALARM.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rang {
    pub(crate) alarm: String,
    pub(crate) at: Moment,
}

/// All alarms from the moment that the drill began on.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    info: &'a StackInfo,
    /// How many transitions there were before.
    before: usize,
}

/// The rate of the metrics' clock.
///
/// # Errors
///
/// When the console does not answer.
pub async fn clock_rate(info: &StackInfo) -> Result<u32, DrillError> {
    Ok(get::<Listed>(info, "alarms").await?.clock_rate)
}

/// Asks the console.
pub(crate) async fn get<T: DeserializeOwned>(info: &StackInfo, path: &str) -> Result<T, DrillError> {
    let answer = Http::new().send(Method::GET, &format!("{}/api/{path}", info.console), &[], "").await?;
    serde_json::from_slice(answer.body()).map_err(DrillError::Answer)
}

impl<'a> Watch<'a> {
    /// Watches from now on.
    pub(crate) async fn begin(info: &'a StackInfo) -> Result<Self, DrillError> {
        let News { count, .. } = get(info, "transitions?after=0").await?;
        Ok(Self { info, before: count })
    }

    /// What the metrics' clock shows.
    pub(crate) async fn now(&self) -> Result<Moment, DrillError> {
        moment(&get::<Listed>(self.info, "alarms").await?.now)
    }

    /// The alarms that are not OK, of those that notify somebody: others look hours back, as an error budget does.
    async fn not_ok(&self) -> Result<Vec<String>, DrillError> {
        let Listed { alarms, .. } = get(self.info, "alarms").await?;
        let wrong = alarms.into_iter().filter(|it| it.notifies && it.state.as_deref() != Some("OK"));
        Ok(wrong.map(|alarm| alarm.name).collect())
    }

    /// Waits until every alarm is OK; those that are not `within_minutes`.
    pub(crate) async fn all_ok(&self, within_minutes: u32) -> Result<Vec<String>, DrillError> {
        let until = self.now().await?.plus_minutes(within_minutes);
        loop {
            let wrong = self.not_ok().await?;
            if wrong.is_empty() || self.now().await? > until {
                return Ok(wrong);
            }
            sleep(Duration::from_millis(WAIT_MS)).await;
        }
    }

    /// Waits until those minutes of the metrics' clock are over.
    pub(crate) async fn minutes_after(&self, from: Moment, minutes: u32) -> Result<(), DrillError> {
        while self.now().await? < from.plus_minutes(minutes) {
            sleep(Duration::from_millis(WAIT_MS)).await;
        }
        Ok(())
    }

    /// The alarms that notify somebody and have rung, each the first time.
    pub(crate) async fn rung(&self) -> Result<Vec<Rang>, DrillError> {
        let Listed { alarms, .. } = get(self.info, "alarms").await?;
        let loud: BTreeSet<String> =
            alarms.into_iter().filter(|alarm| alarm.notifies).map(|alarm| alarm.name).collect();
        let News { transitions, .. } = get(self.info, &format!("transitions?after={}", self.before)).await?;
        let mut rung = Vec::<Rang>::new();
        for transition in transitions.into_iter().filter(|it| it.to == "ALARM" && loud.contains(&it.alarm)) {
            if rung.iter().all(|known| known.alarm != transition.alarm) {
                rung.push(Rang { alarm: transition.alarm, at: moment(&transition.at)? });
            }
        }
        Ok(rung)
    }

    /// Waits until an alarm rings; `None` when it has not in time.
    pub(crate) async fn rings(
        &self,
        alarm: &str,
        from: Moment,
        within_minutes: u32,
    ) -> Result<Option<Rang>, DrillError> {
        loop {
            if let Some(rang) = self.rung().await?.into_iter().find(|rang| rang.alarm == alarm) {
                return Ok(Some(rang).filter(|rang| rang.at <= from.plus_minutes(within_minutes)));
            }
            // A minute is evaluated seconds after its end, by the day's clock.
            if self.now().await? > from.plus_minutes(within_minutes) {
                sleep(Duration::from_secs(3)).await;
                let rang = self.rung().await?.into_iter().find(|rang| rang.alarm == alarm);
                return Ok(rang.filter(|rang| rang.at <= from.plus_minutes(within_minutes)));
            }
            sleep(Duration::from_millis(WAIT_MS)).await;
        }
    }
}

/// How many mails about an alarm there are: that it rings, and that it is OK.
pub(crate) async fn mails(info: &StackInfo, alarm: &str) -> Result<[usize; 2], DrillError> {
    let Inbox { mail } = get(info, "mail").await?;
    let about = |state| {
        let subject = format!("{state}: \"{alarm}\" in ");
        mail.iter().filter(|mail| mail.subject.starts_with(&subject)).count()
    };
    Ok(["ALARM", "OK"].map(about))
}

fn moment(text: &str) -> Result<Moment, DrillError> {
    unix_millis(text).map(Moment).ok_or_else(|| DrillError::TooSlow(format!("an instant, but {text:?}")))
}
