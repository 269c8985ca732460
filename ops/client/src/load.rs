//! Load: many uploads through the real API at a given rate, each followed to its end.
//!
//! - `mix`, `schedule` which uploads come when, decided before the first one does: an open loop
//! - `file`, `members` what is uploaded, and by whom
//! - `ledger`, `latency` what became of it, and how long it took
//! - `run` the load itself
//!
//! Every latency counts from the time at which its upload was due. A pipeline that keeps the generator from sending is
//! thereby charged for that, where a closed loop would just have measured less (coordinated omission).

mod file;
mod latency;
mod ledger;
mod members;
mod mix;
mod run;
mod schedule;

use std::net::IpAddr;
use std::time::Duration;

use aws_client::AwsError;
use hdrhistogram::errors::CreationError;
use image::ImageError;
use terminal::progress::Reporter;
use url::{Host, Url};
use uuid::Uuid;

use crate::FlowError;
use crate::inbox::Inbox;
use crate::stack::{MissingOutput, Pipeline};
use file::Files;
pub use latency::{Latencies, Part, Percentiles};
pub use ledger::Ledger;
pub use mix::{Kind, Mix, MixError};
pub use schedule::{Arrival, Schedule, Spacing};

/// What is to be sent.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Uploads a second.
    pub rate: f64,
    /// For how long.
    pub duration: Duration,
    /// How many at most.
    pub most: usize,
    /// How far from each other.
    pub spacing: Spacing,
    /// Of which kinds.
    pub mix: Mix,
    /// By how many users, in turn.
    pub users: usize,
    /// What arrivals and kinds are drawn by.
    pub seed: u64,
    /// How long results are waited for while nothing at all happens.
    pub patience: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            rate: 5.0,
            duration: Duration::from_mins(1),
            most: usize::MAX,
            spacing: Spacing::Poisson,
            mix: Mix::default(),
            users: 1,
            seed: 0,
            patience: Duration::from_mins(10),
        }
    }
}

/// A load could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Real users' stacks are not for this.
    #[error("{0} is not on this machine; a load goes to 127.0.0.1 or ::1 only")]
    NotLoopback(String),
    /// The stack lacks something.
    #[error(transparent)]
    Output(#[from] MissingOutput),
    /// Nobody can sign in, or the stack lacks something.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// The user pool refuses.
    #[error("the users cannot be created")]
    Users(#[source] AwsError),
    /// No queue for notifications.
    #[error("no queue can be subscribed to the topic of finished images")]
    Inbox(#[source] AwsError),
    /// The pictures cannot be drawn.
    #[error("the pictures cannot be drawn")]
    Pictures(#[from] ImageError),
    /// Latencies cannot be counted.
    #[error("the latencies cannot be counted")]
    Latencies(#[from] CreationError),
}

/// Sends what the plan says, and waits until each upload has its result or none comes any more.
///
/// # Errors
///
/// When the stack is not on this machine, or nobody can sign in to it.
pub async fn run(stack: &dyn Pipeline, plan: &Plan, reporter: &dyn Reporter) -> Result<Ledger, LoadError> {
    on_this_machine(stack)?;
    let (files, latencies) = (Files::draw()?, Latencies::new()?);
    let members = members::create(stack, plan.users, reporter).await?;
    let sessions = members::sign_in(&members, reporter).await?;
    let (aws, topic) = (stack.aws(), stack.output("TopicArn")?);
    let name = format!("ops-load-{}", Uuid::new_v4().simple());
    let inbox = Inbox::create(&aws, &name, &[topic]).await.map_err(LoadError::Inbox)?;
    let load = run::Load::new(stack, &sessions, &files, &inbox.url, plan.patience)?;
    let ledger = load.all(plan.arrivals(), Ledger::new(latencies), reporter).await;
    // It goes with the stack at the latest.
    inbox.delete(&aws).await.ok();
    Ok(ledger)
}

impl Plan {
    /// The uploads to come.
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrival> {
        let Self { rate, duration, most, spacing, mix, seed, .. } = self.clone();
        Schedule::new(rate, duration, most, spacing, mix, seed).collect()
    }
}

/// Every address that requests go to is checked: one of them elsewhere would be enough.
fn on_this_machine(stack: &dyn Pipeline) -> Result<(), LoadError> {
    let check = |address: &str| {
        if is_loopback(address) { Ok(()) } else { Err(LoadError::NotLoopback(address.to_owned())) }
    };
    check(stack.aws().endpoint())?;
    for name in ["GenerateUploadUrlEndpoint", "HostedUiUrl"] {
        check(stack.output(name)?)?;
    }
    Ok(())
}

/// Whether an address is one of loopback; a name could lead anywhere.
fn is_loopback(address: &str) -> bool {
    let ip = Url::parse(address).ok().and_then(|url| match url.host()? {
        Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
        Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
        Host::Domain(_) => None,
    });
    ip.is_some_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_loopback_get_a_load() {
        for here in ["http://127.0.0.1:4566", "http://[::1]:4566/x", "https://127.0.0.1"] {
            assert!(is_loopback(here), "{here}");
        }
        for elsewhere in [
            "https://abc.execute-api.eu-west-1.amazonaws.com/",
            "http://10.0.0.1:4566",
            "http://localhost:4566",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com/",
            "",
        ] {
            assert!(!is_loopback(elsewhere), "{elsewhere}");
        }
    }
}
