//! A world in memory whose every effect waits for the scheduler, and which may have a planted defect.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use contract::item::Item;
use image_processor_lambda::{
    condition::{Condition, Standing},
    error::AwsError,
    store::{Note, Opened, Recorded, Store},
};

use crate::schedule::Gates;

/// A defect of the protocol, planted to see that the checker finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// The claim does not ask which version is newer.
    IgnoresOrder,
    /// A running attempt excludes nobody.
    ExcludesNobody,
    /// A result counts as complete before the notification was published.
    SettlesTooEarly,
    /// A claim lasts for ever, so that a dead attempt blocks all others.
    NeverExpires,
    /// A message that asks for an image to be done again is heeded as often as it comes.
    RepeatsEachTime,
    /// What is to be done again comes after every upload.
    ReprocessWins,
}

/// What exists.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Objects by key, with the sequencer of their version.
    pub(crate) objects: BTreeMap<String, (u64, Vec<u8>)>,
    pub(crate) thumbnails: BTreeMap<String, Vec<u8>>,
    pub(crate) items: BTreeMap<String, Item>,
    pub(crate) notes: Vec<Note>,
    /// How often each version was completed, by image, sequencer and when it was asked to be done again.
    pub(crate) completed: BTreeMap<(String, String, Option<u64>), usize>,
}

/// One attempt's access to the world.
#[derive(Clone, Debug)]
pub(crate) struct Gated {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) defect: Option<Defect>,
    pub(crate) gates: Gates,
}

impl Gated {
    /// Waits for the scheduler, has the effect, waits again; the scheduler may have either end fail.
    async fn effect<T>(&self, effect: impl FnOnce(&mut World) -> T) -> Result<T, AwsError> {
        self.gates.pass().await?;
        let result = effect(&mut self.world.lock().unwrap());
        self.gates.pass().await?;
        Ok(result)
    }
}

impl Store for Gated {
    type Body = Vec<u8>;

    async fn open(&self, key: &str) -> Result<Option<Opened<Vec<u8>>>, AwsError> {
        self.effect(|world| {
            world.objects.get(key).map(|(_, body)| Opened {
                bytes: body.len() as u64,
                e_tag: None,
                traceparent: None,
                body: body.clone(),
            })
        })
        .await
    }

    async fn read(&self, body: Vec<u8>) -> Result<Vec<u8>, AwsError> {
        self.effect(|_| body).await
    }

    async fn put(&self, key: &str, jpeg: Vec<u8>) -> Result<(), AwsError> {
        self.effect(|world| drop(world.thumbnails.insert(key.to_owned(), jpeg))).await
    }

    async fn record(&self, item: &Item, condition: Condition) -> Result<Recorded, AwsError> {
        let (defect, mut item) = (self.defect, item.clone());
        if defect == Some(Defect::SettlesTooEarly) && item.processed_at.is_some() {
            item.notified = true;
        }
        self.effect(move |world| {
            let id = item.image_id.to_string();
            let standing = world.items.get(&id).map(Standing::of);
            if !allows(defect, condition, &item, standing.as_ref()) {
                return Recorded::Refused(standing);
            }
            let was_complete = standing.as_ref().is_some_and(|it| it.attempt == item.attempt && it.notified);
            if item.notified && !was_complete {
                let version = (id.clone(), item.sequencer.clone(), item.reprocess);
                *world.completed.entry(version).or_default() += 1;
            }
            world.items.insert(id, item);
            Recorded::Written(standing.and_then(|standing| standing.announced))
        })
        .await
    }

    async fn notify(&self, note: &Note) -> Result<(), AwsError> {
        let note = note.clone();
        self.effect(|world| world.notes.push(note)).await
    }

    async fn pause(&self, _wait: Duration) {
        // Time passes when the scheduler decides so; that it fails means nothing here.
        self.gates.pass().await.ok();
    }

    async fn delete(&self, _receipt: &str) -> Result<(), AwsError> {
        Ok(())
    }

    async fn postpone(&self, _receipt: &str, _wait: Duration) -> Result<(), AwsError> {
        Ok(())
    }
}

/// The database's verdict: the protocol's, unless a defect is planted.
fn allows(defect: Option<Defect>, condition: Condition, item: &Item, standing: Option<&Standing>) -> bool {
    let standing = RefCell::new(standing.cloned());
    let patched = |change: &dyn Fn(&mut Standing)| {
        if let (Condition::Free(_) | Condition::Known(_), Some(standing)) =
            (condition, &mut *standing.borrow_mut())
        {
            change(standing);
        }
    };
    match defect {
        Some(Defect::RepeatsEachTime) if item.reprocess.is_some() => {
            patched(&|it| it.reprocess = None);
        }
        Some(Defect::ReprocessWins) if item.reprocess.is_some() => {
            patched(&|it| it.sequencer.clone_from(&item.sequencer));
        }
        Some(Defect::IgnoresOrder) => patched(&|it| it.sequencer.clear()),
        Some(Defect::ExcludesNobody) => patched(&|it| it.claimed_until = std::time::UNIX_EPOCH),
        _ => {}
    }
    condition.allows(item, standing.borrow().as_ref())
}
