//! Runner: one drill, from a stack that is well to a stack that is well.
//!
//! Whatever the drill breaks is a lease of the running stack ([`HeldLease`]), so that the stack mends it also when this
//! process is killed.

mod judge;
mod parts;

use std::time::{Duration, Instant};

use aws_client::chain;
use contract::item::Record;
use local_stack::faults::leases::{Action, Order};
use local_stack::faults::{HeldLease, LeaseError, Rule};
use local_stack::stack::{STACK, StackInfo};
use pipeline_client::guest::Guest;
use pipeline_client::stack::DeployedStack;
use pipeline_client::upload::UploadUrl;
use pipeline_client::user::Tokens;
use terminal::progress::{Reporter, Step as Progress};

use crate::account::{Account, settled};
use crate::alarms::{Moment, Watch, mails};
use crate::error::DrillError;
use crate::file::{Drill, Step};
use crate::neighbour::{Dead, Ops};
use crate::queues::{PATIENCE, Queues};
use crate::report::{Detected, Outcome};
use crate::switch::Turn;
use parts::{issue_urls, perform, rules};

/// Longest wait for a stack to become well, and for its alarms to end, in minutes of the metrics' clock.
const WELL_MINUTES: u32 = 60;
/// An alarm must not ring again for what a drill before has left in a window of five minutes.
const CALM_MINUTES: u32 = 6;

pub use crate::alarms::clock_rate;

/// A drill under way.
struct Run<'a> {
    info: &'a StackInfo,
    drill: &'a Drill,
    ops: &'a Ops,
    watch: Watch<'a>,
    queues: Queues<'a>,
    guest: Guest,
    tokens: Tokens,
    issued: Vec<UploadUrl>,
    failures: Vec<String>,
}

/// What the drill has seen while the fault stood.
struct Broken {
    /// When the fault began.
    since: Moment,
    detected: Vec<Detected>,
    /// The mails about each of these alarms that there were before.
    mails: Vec<[usize; 2]>,
    struck: Vec<usize>,
    /// The stack that died beside it.
    neighbour: Option<Dead>,
}

/// Runs one drill; `ops` starts a second stack, where it needs one.
///
/// # Errors
///
/// When it could not be run; what it shows to be wrong is in the outcome.
pub async fn run(
    info: &StackInfo,
    drill: &Drill,
    ops: &Ops,
    reporter: &dyn Reporter,
) -> Result<Outcome, DrillError> {
    drill.check_fits(info)?;
    let progress = Progress::start(reporter, "drill", format!("Drill {}", drill.name));
    let began = Instant::now();
    let queues = Queues::of(info)?;
    progress.detail("waits until the stack is well");
    let watch = well(info, &queues).await?;
    let stack = DeployedStack {
        name: STACK.to_owned(),
        aws: info.aws(),
        arn: String::new(),
        status: String::new(),
        outputs: info.outputs.clone(),
        parameters: std::collections::BTreeMap::new(),
    };
    let guest = Guest::create(&stack).await?;
    let leaves = Action::Guest {
        stack: STACK.to_owned(),
        user: guest.client.user.clone(),
        inbox: guest.inbox.clone(),
    };
    let visit = HeldLease::open(info, &Order { rules: Vec::new(), undo: vec![leaves] }).await?;
    let tokens = pipeline_client::user::sign_in(info, &guest.client.user).await?;
    let (issued, failures) = (Vec::new(), Vec::new());
    let mut run = Run { info, drill, ops, watch, queues, guest, tokens, issued, failures };
    let outcome = Box::pin(run.all(&progress)).await;
    let images: Vec<String> = run.issued.iter().map(|issued| issued.image_id.clone()).collect();
    let left = run.guest.remove(&images).await;
    visit.end(false).await?;
    let mut outcome = outcome?;
    outcome.failures.extend(left);
    outcome.took_seconds = began.elapsed().as_secs();
    progress.finish(outcome.line());
    Ok(outcome)
}

/// Waits until every alarm is OK and nothing waits anywhere.
async fn well<'a>(info: &'a StackInfo, queues: &Queues<'_>) -> Result<Watch<'a>, DrillError> {
    let dead = queues.dead().await?;
    if dead > 0 {
        let lie = if dead == 1 { "1 message lies".to_owned() } else { format!("{dead} messages lie") };
        return Err(DrillError::NotWell(format!("{lie} in the dead-letter queue; see `ops dlq list`")));
    }
    let watch = Watch::begin(info).await?;
    let wrong = watch.all_ok(WELL_MINUTES).await?;
    if !wrong.is_empty() {
        return Err(DrillError::NotWell(format!("{} not OK; see `ops alarms list`", wrong.join(", "))));
    }
    let waiting = queues.waiting().await?;
    if waiting > 0 {
        return Err(DrillError::NotWell(format!("{waiting} messages wait in the processing queue")));
    }
    watch.minutes_after(watch.now().await?, CALM_MINUTES).await?;
    Watch::begin(info).await
}

impl Run<'_> {
    async fn all(&mut self, progress: &Progress<'_>) -> Result<Outcome, DrillError> {
        progress.detail("asks for upload URLs");
        self.issued = issue_urls(self.info, &self.tokens, self.drill).await?;
        let setup = Turn::of(&self.drill.setup, self.info).await?;
        let order = Order { rules: Vec::new(), undo: setup.back.clone() };
        let prepared = HeldLease::open(self.info, &order).await?;
        setup.take(&self.info.aws()).await?;

        let (broken, healed) = self.broken(progress).await?;
        progress.detail("waits for the end of each upload");
        let healed_at = Instant::now();
        settled(self.info, &self.issued, |item| is_settled(item, self.drill)).await?;
        let uploads_seconds = healed_at.elapsed().as_secs_f64();
        let account = Account::of(self.info, &self.guest, &self.issued, self.drill.end.notifications).await?;
        self.ended(prepared.end(true).await?.problems);
        progress.detail("waits until every alarm is OK");
        let ringing = self.watch.all_ok(WELL_MINUTES).await?;
        if !ringing.is_empty() {
            self.failures.push(format!("still not OK: {}", ringing.join(", ")));
        }
        let alarms_minutes = self.watch.now().await?.minutes_since(healed);
        progress.detail("looks for the mails that the alarms rang and ended");
        self.judge(&broken, &account).await?;
        Ok(Outcome {
            drill: self.drill.name.clone(),
            purpose: self.drill.purpose.clone(),
            runbook: self.drill.runbook.clone(),
            uploads: self.issued.len(),
            done: account.done,
            failed: account.failed.values().sum(),
            lost: account.lost.len(),
            duplicates: account.duplicates,
            duplicates_cause: self.drill.end.duplicates.cause.clone(),
            detected: broken.detected,
            uploads_ended_seconds: uploads_seconds,
            alarms_ok_minutes: alarms_minutes,
            struck: broken.struck,
            took_seconds: 0,
            failures: std::mem::take(&mut self.failures),
        })
    }

    /// The fault from its begin to its end, and when that was.
    async fn broken(&mut self, progress: &Progress<'_>) -> Result<(Broken, Moment), DrillError> {
        let drill = self.drill;
        let midway: Vec<_> = drill.traffic.iter().filter_map(parts::switch).cloned().collect();
        let (turn, midway) =
            (Turn::of(&drill.fault.switches, self.info).await?, Turn::of(&midway, self.info).await?);
        let order = Order {
            rules: rules(&drill.fault.rules, &self.issued),
            undo: [midway.back, turn.back.clone()].concat(),
        };
        let mut mails_before = Vec::new();
        for ring in &drill.rings {
            mails_before.push(mails(self.info, &ring.alarm).await?);
        }
        progress.detail("makes the fault");
        let since = self.watch.now().await?;
        let lease = HeldLease::open(self.info, &order).await?;
        turn.take(&self.info.aws()).await?;
        progress.detail("sends the traffic");
        let neighbour = self.traffic().await?;
        if !order.rules.is_empty() {
            progress.detail("waits until every rule has struck");
        }
        let struck = struck(&lease, &order).await;
        let mut detected = Vec::new();
        for ring in &drill.rings {
            progress.detail(format!("waits for {}", ring.alarm));
            match self.watch.rings(&ring.alarm, since, ring.within_minutes).await? {
                Some(rang) => {
                    let after_minutes = rang.at.minutes_since(since);
                    progress
                        .detail(format!("{} rings, {after_minutes} min after the fault began", rang.alarm));
                    let within_minutes = ring.within_minutes;
                    detected.push(Detected { alarm: rang.alarm, after_minutes, within_minutes });
                }
                None => self
                    .failures
                    .push(format!("{} did not ring within {} minutes", ring.alarm, ring.within_minutes)),
            }
        }
        progress.detail("watches that no other alarm rings");
        self.watch.minutes_after(since, drill.watch_minutes).await?;
        if let Err(never) = struck {
            self.failures.push(never);
        }
        if drill.end.dead_letters > 0 {
            self.queues.given_up(drill.end.dead_letters).await?;
        }
        progress.detail(format!("follows the runbook {}", drill.runbook));
        let mut lease = Some(lease);
        let (mut healed, mut struck) = (self.watch.now().await?, Vec::new());
        for step in &drill.mitigation {
            progress.detail(step.what());
            match step {
                Step::EndFault => {
                    let Some(lease) = lease.take() else { continue };
                    let ended = lease.end(true).await?;
                    struck = ended.struck;
                    self.ended(ended.problems);
                    healed = self.watch.now().await?;
                }
                Step::Redrive => self.queues.redrive().await?,
                Step::RedriveInVain => {
                    self.queues.redrive().await?;
                    self.queues.given_up(drill.end.dead_letters).await?;
                }
                Step::Drop => self.queues.drop_dead().await?,
            }
        }
        if let Some(lease) = lease {
            let ended = lease.end(true).await?;
            struck = ended.struck;
            self.ended(ended.problems);
        }
        Ok((Broken { since, detected, mails: mails_before, struck, neighbour }, healed))
    }

    /// Sends the traffic, while a second stack beside this one lives and dies where the drill has one.
    async fn traffic(&mut self) -> Result<Option<Dead>, DrillError> {
        let traffic = async {
            perform(self.info, &self.tokens, &self.issued, &self.queues, self.drill).await?;
            Ok(tokio::time::Instant::now())
        };
        let Some(neighbour) = &self.drill.fault.neighbour else { return traffic.await.map(|_| None) };
        let (sent, dead) = tokio::try_join!(traffic, neighbour.live_and_die(self.info, self.ops))?;
        if sent < dead.at {
            self.failures.push("the traffic ended before the second stack did".to_owned());
        }
        Ok(Some(dead))
    }

    fn ended(&mut self, problems: Vec<String>) {
        self.failures.extend(problems.into_iter().map(|problem| format!("not undone: {problem}")));
    }
}

/// Whether the pipeline is through with an image.
fn is_settled(item: &Record, drill: &Drill) -> bool {
    item.has_ended() && (item.notified == Some(true) || drill.end.notifications == 0)
}

/// Waits until each rule has struck: all its calls, or one where their number is open.
async fn struck(lease: &HeldLease, order: &Order) -> Result<(), String> {
    let is_open = |rule: &Rule| rule.times == usize::MAX || rule.probability < 1.0;
    let wanted: Vec<usize> =
        order.rules.iter().map(|rule| if is_open(rule) { 1 } else { rule.times }).collect();
    let all = |standing: &local_stack::faults::leases::Standing| {
        !standing.failures.is_empty()
            || standing.struck.iter().zip(&wanted).all(|(struck, wanted)| struck >= wanted)
    };
    let ended: Result<Result<_, LeaseError>, _> =
        tokio::time::timeout(PATIENCE.min(Duration::from_mins(3)), lease.until(all)).await;
    match ended {
        Ok(Ok(standing)) if standing.failures.is_empty() => Ok(()),
        Ok(Ok(standing)) => Err(format!("a call was not struck: {}", standing.failures.join("; "))),
        Ok(Err(error)) => Err(chain(&error)),
        Err(_) => Err(format!("rules struck {:?} calls, expected {wanted:?}", lease.standing().struck)),
    }
}
