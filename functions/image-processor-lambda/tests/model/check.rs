//! What must hold when everything has come to rest.

use std::collections::BTreeMap;

use contract::item::Status;

use crate::{history::History, world::World};

/// The first invariant that does not hold, in words.
pub(crate) fn violation(world: &World, history: &History) -> Option<String> {
    let results = keys(world, history).and_then(|()| notes(world, history));
    results.and_then(|()| completions(world, history)).err()
}

/// Item, thumbnail and newest version agree for every key, and nobody has another's image.
fn keys(world: &World, history: &History) -> Result<(), String> {
    for (key, versions) in &history.versions {
        let Some((sequencer, newest)) = versions.last_key_value() else { continue };
        let id = crate::history::image_id(key).to_string();
        let item = world.items.get(&id).ok_or_else(|| format!("{key} has no item"))?;
        let at = format!("{key}: {:?} {:?} of version {}", item.status, item.refused, item.sequencer);
        if !item.notified || item.status == Status::Processing {
            return Err(format!("{at} is not at rest"));
        }
        if item.sequencer != crate::history::sequencer(*sequencer) {
            return Err(format!("{at} is not the newest, {sequencer}"));
        }
        let expected = newest.thumbnail();
        let gone = !world.objects.contains_key(key);
        match (item.status, expected) {
            (Status::Done, Some(expected)) => {
                let stored = world.thumbnails.get(&format!("processed/{id}.jpg"));
                if stored != Some(&expected) {
                    return Err(format!("{at} has the thumbnail of another version or key"));
                }
            }
            (Status::Failed, None) => {}
            (Status::Failed, Some(_)) if gone => {}
            _ => return Err(format!("{at} contradicts the newest version")),
        }
    }
    Ok(())
}

/// What was asked for once is done once, where nothing crashed, however often its message came.
fn completions(world: &World, history: &History) -> Result<(), String> {
    match world.completed.iter().find(|(_, count)| **count > 1) {
        Some((version, count)) if !history.disturbed => {
            Err(format!("{version:?} was completed {count} times"))
        }
        _ => Ok(()),
    }
}

/// At least one notification for each result that stands, and at most one for each version and for each time that
/// it was asked to be done again, where nothing crashed.
fn notes(world: &World, history: &History) -> Result<(), String> {
    let mut sent: BTreeMap<[String; 3], usize> = BTreeMap::new();
    for note in &world.notes {
        let text = |name: &str| note.body.get(name).and_then(|it| it.as_str()).unwrap_or_default().to_owned();
        *sent.entry(["imageId", "sequencer", "reprocessedAt"].map(text)).or_default() += 1;
    }
    for (id, item) in &world.items {
        if !sent.keys().any(|[of, sequencer, _]| of == id && *sequencer == item.sequencer) {
            return Err(format!("nobody was notified of {id}"));
        }
    }
    match sent.iter().find(|(_, count)| **count > 1) {
        Some(([id, sequencer, _], count)) if !history.disturbed => {
            Err(format!("{count} notifications of version {sequencer} of {id} without a crash"))
        }
        _ => Ok(()),
    }
}
