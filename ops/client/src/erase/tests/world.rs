//! The stack in memory.

mod estate;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_client::AwsError;
use contract::image_id::image_id;
use contract::item::Record;
use contract::thumbnail_key::thumbnail_key;
use terminal::progress::Step;
use uuid::Uuid;

use super::{Options, run};
use crate::audit::source::Bucket;
use crate::erase::estate::Version;
use crate::erase::report::{Counts, Report};
use crate::erase::subject::Subject;

/// Entries of a page: few, so that a small stack has several.
const PAGE: usize = 2;

/// What an attempt does once the original that it holds is gone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Late {
    Claims,
    PutsThumbnail,
    Persists,
}

#[derive(Clone, Debug, Default)]
struct State {
    originals: Vec<Version>,
    thumbnails: Vec<Version>,
    items: BTreeMap<Uuid, Record>,
    users: BTreeSet<String>,
    dead_letters: Vec<String>,
    /// How many more calls go well.
    lives: Option<usize>,
    late: Option<(String, Late)>,
    done_at: Option<(String, usize)>,
    stubborn: Option<String>,
    calls: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct World(Mutex<State>);

impl Report {
    /// What was erased, with as many images as were found.
    pub(super) fn erased_with_images(&self) -> Counts {
        Counts { images: self.found.images, ..self.erased }
    }
}

fn version(key: &str, id: &str) -> Version {
    let modified = UNIX_EPOCH + Duration::from_hours(1);
    let (key, id, e_tag) = (key.to_owned(), id.to_owned(), format!("tag of {key}"));
    Version { key, id, is_latest: true, e_tag, modified }
}

fn done(key: &str) -> Record {
    Record {
        image_id: image_id(key).to_string(),
        original_key: key.to_owned(),
        status: "DONE".to_owned(),
        e_tag: Some(format!("tag of {key}")),
        notified: Some(true),
        ..Record::default()
    }
}

impl World {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn call(&self, name: &str) -> Result<MutexGuard<'_, State>, AwsError> {
        let mut state = self.state();
        state.calls.push(name.to_owned());
        if let Some(lives) = &mut state.lives {
            let dead = || AwsError::Refused {
                call: name.to_owned(),
                status: 403,
                code: "Killed".to_owned(),
                message: String::new(),
            };
            *lives = lives.checked_sub(1).ok_or_else(dead)?;
        }
        Ok(state)
    }

    pub(super) async fn erase(&self, subject: &Subject, options: Options) -> Result<Report, AwsError> {
        let mut report = Report::default();
        let step = Step::start(&(), "erase", "");
        run(self, subject, options, &mut report, &step).await.map(|()| report)
    }

    pub(super) fn add_user(&self, sub: &str) {
        self.state().users.insert(sub.to_owned());
    }

    /// An original, its item, and thumbnails of three sides: more than a page.
    pub(super) fn add_image(&self, key: &str) {
        self.add_version(key, "v");
        let mut state = self.state();
        for side in [None, Some(64), Some(512)] {
            state.thumbnails.push(version(&thumbnail_key(image_id(key), side), "null"));
        }
        state.items.insert(image_id(key), done(key));
    }

    pub(super) fn add_version(&self, key: &str, id: &str) {
        let is_latest = !self.state().originals.iter().any(|it| it.key == key);
        let mut version = Version { is_latest, ..version(key, id) };
        if !is_latest {
            version.e_tag.clear();
        }
        self.state().originals.push(version);
    }

    pub(super) fn add_dead_letter(&self, key: &str) {
        self.state().dead_letters.push(key.to_owned());
    }

    pub(super) fn is_young(&self, key: &str) {
        let mut state = self.state();
        state.originals.iter_mut().filter(|it| it.key == key).for_each(|it| it.modified = SystemTime::now());
    }

    pub(super) fn is_done_at_look(&self, key: &str, look: usize) {
        self.state().done_at = Some((key.to_owned(), look));
    }

    pub(super) fn writes_once_gone(&self, key: &str, late: Late) {
        self.state().late = Some((key.to_owned(), late));
    }

    pub(super) fn refuses_to_delete(&self, _: Bucket, key: &str) {
        self.state().stubborn = Some(key.to_owned());
    }

    pub(super) fn dies_after(&self, calls: usize) {
        self.state().lives = Some(calls);
    }

    pub(super) fn lives(&self) {
        self.state().lives = None;
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// All that is there, as lines.
    pub(super) fn all(&self) -> Vec<String> {
        self.filtered(|_| true, |_| true)
    }

    /// What is there of everybody else.
    pub(super) fn of_others(&self, subject: &Subject) -> Vec<String> {
        let own = own_ids(subject);
        let is_user = |sub: &str| matches!(subject, Subject::User { sub: own, .. } if own == sub);
        self.filtered(
            |key| !subject.owns(key) && !own.iter().any(|id| key.contains(&id.to_string())),
            |sub| !is_user(sub),
        )
    }

    pub(super) fn is_free_of(&self, subject: &Subject) -> bool {
        let left = self.all().len() - self.of_others(subject).len();
        left == 0
    }

    fn filtered(&self, key: impl Fn(&str) -> bool, user: impl Fn(&str) -> bool) -> Vec<String> {
        let state = self.state();
        let versions = state.originals.iter().chain(&state.thumbnails);
        let versions = versions.filter(|it| key(&it.key)).map(|it| format!("{} {}", it.key, it.id));
        let items = state.items.values().filter(|it| key(&it.original_key));
        let items = items.map(|it| format!("item {}", it.original_key));
        let users = state.users.iter().filter(|sub| user(sub)).map(|sub| format!("user {sub}"));
        let letters = state.dead_letters.iter().filter(|it| key(it)).map(|it| format!("letter {it}"));
        versions.chain(items).chain(users).chain(letters).collect()
    }
}

/// The images of a subject, by the keys that the tests use.
fn own_ids(subject: &Subject) -> Vec<Uuid> {
    match subject {
        Subject::Image { id, .. } => vec![*id],
        Subject::User { folder, .. } => {
            let names = ["a.jpg", "b c+d.jpg", "without-item.jpg", "new.jpg"];
            names.map(|name| image_id(&format!("{folder}{name}"))).to_vec()
        }
    }
}

impl State {
    /// What the attempt writes that holds an original in memory, if that is gone.
    fn write_late(&mut self) {
        let Some((key, late)) = self.late.clone() else { return };
        if self.originals.iter().any(|it| it.key == key) {
            return;
        }
        self.late = None;
        let id = image_id(&key);
        let claimed = Record { status: "PROCESSING".to_owned(), notified: None, ..done(&key) };
        match late {
            Late::Claims => {
                self.items.insert(id, claimed);
            }
            Late::PutsThumbnail => self.thumbnails.push(version(&thumbnail_key(id, None), "null")),
            Late::Persists => {
                self.thumbnails.push(version(&thumbnail_key(id, Some(64)), "null"));
                self.items.insert(id, done(&key));
            }
        }
    }
}
