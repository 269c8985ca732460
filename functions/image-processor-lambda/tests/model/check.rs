//! What must hold when everything has come to rest.

use std::collections::BTreeMap;

use contract::item::Status;

use crate::{history::History, world::World};

/// The first invariant that does not hold, in words.
pub(crate) fn violation(world: &World, history: &History) -> Option<String> {
    keys(world, history).err().or_else(|| notes(world, history).err())
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

/// At least one notification for each result that stands, and exactly one for each version where
/// nothing crashed.
fn notes(world: &World, history: &History) -> Result<(), String> {
    let mut sent: BTreeMap<(String, String), usize> = BTreeMap::new();
    for note in &world.notes {
        let text = |name: &str| note.body.get(name).and_then(|it| it.as_str()).unwrap_or_default().to_owned();
        *sent.entry((text("imageId"), text("sequencer"))).or_default() += 1;
    }
    for (id, item) in &world.items {
        if !sent.contains_key(&(id.clone(), item.sequencer.clone())) {
            return Err(format!("nobody was notified of {id}"));
        }
    }
    match sent.iter().find(|(_, count)| **count > 1) {
        Some(((id, sequencer), count)) if !history.disturbed => {
            Err(format!("{count} notifications of version {sequencer} of {id} without a crash"))
        }
        _ => Ok(()),
    }
}
