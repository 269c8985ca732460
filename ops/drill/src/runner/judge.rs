//! Judgement of a drill: what went otherwise than its file states.

use std::time::Duration;

use http::StatusCode;
use tokio::time::sleep;

use super::{Broken, Run};
use crate::account::Account;
use crate::alarms::mails;
use crate::error::DrillError;
use crate::traffic::ask_status;

/// Between two looks for a mail, and how many there are.
const GLANCE: Duration = Duration::from_millis(250);
const GLANCES_FOR_MAIL: usize = 60;

impl Run<'_> {
    /// Waits for the mails that an alarm rings and that it has ended; a mail is seconds behind its transition.
    async fn mailed(&self, alarm: &str, before: [usize; 2]) -> Result<bool, DrillError> {
        for _ in 0..GLANCES_FOR_MAIL {
            let now = mails(self.info, alarm).await?;
            if now.iter().zip(before).all(|(now, before)| *now > before) {
                return Ok(true);
            }
            sleep(GLANCE).await;
        }
        Ok(false)
    }

    /// What the drill's file expects otherwise than it was.
    pub(super) async fn judge(&mut self, broken: &Broken, account: &Account) -> Result<(), DrillError> {
        let end = &self.drill.end;
        for rang in self.watch.rung().await? {
            let expected = self.drill.rings.iter().any(|ring| ring.alarm == rang.alarm);
            if !expected && !self.drill.may_ring.contains(&rang.alarm) {
                let after = rang.at.minutes_since(broken.since);
                self.failures.push(format!("{} rang after {after} min and should be quiet", rang.alarm));
            }
        }
        for (ring, before) in self.drill.rings.iter().zip(&broken.mails) {
            if !self.mailed(&ring.alarm, *before).await? {
                self.failures
                    .push(format!("{} sent no mail that it rings, or none that it ended", ring.alarm));
            }
        }
        if (account.done, &account.failed) != (end.done, &end.failed) {
            self.failures.push(format!(
                "{} DONE and {:?} FAILED, expected {} and {:?}",
                account.done, account.failed, end.done, end.failed
            ));
        }
        if self.drill.asks_for_statuses() {
            for upload in &self.issued {
                let status = ask_status(self.info, &self.tokens, upload).await?;
                if status != StatusCode::OK {
                    let image = &upload.image_id;
                    self.failures.push(format!("asked how {image} ended, the mended stack answers {status}"));
                }
            }
        }
        if !account.lost.is_empty() {
            self.failures.push(format!("lost: {}", account.lost.join(", ")));
        }
        if account.unheard > 0 {
            self.failures.push(format!("{} uploads whose owner was not notified", account.unheard));
        }
        if !account.strangers.is_empty() {
            self.failures.push(format!("notifications about others: {}", account.strangers.join(", ")));
        }
        if let Some(dead) = &broken.neighbour {
            let seen = dead.seen_on(self.info, broken.since, self.issued.len()).await?;
            self.failures.extend(seen);
        }
        if account.duplicates > end.duplicates.at_most {
            let (came, most) = (account.duplicates, end.duplicates.at_most);
            self.failures.push(format!("{came} notifications came twice, at most {most} may"));
        }
        let (dead, waiting) = (self.queues.dead().await?, self.queues.waiting().await?);
        if (dead, waiting) != (0, 0) {
            self.failures
                .push(format!("{waiting} messages are left in the queue, {dead} in the dead-letter queue"));
        }
        Ok(())
    }
}
