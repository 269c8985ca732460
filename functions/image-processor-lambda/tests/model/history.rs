//! What was done to the world: uploads, deliveries, crashes; and how a random history is played.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use contract::{
    completion, image_id,
    item::{Item, Status},
    s3_event::Upload,
};
use image_processor_lambda::{app::App, config::Config, handler::handle, store::Note};
use lambda_runtime::{Context, LambdaEvent};
use proptest::prelude::*;
use telemetry::Telemetry;
use uuid::Uuid;

use crate::{
    schedule::{Gates, Progress, Running},
    support::{again, batch, created},
    world::{Defect, Gated, World},
};

/// Two owners' images, the same file names in a thief's folder, and an image that the release before has begun.
pub(crate) const KEYS: [&str; 5] = [
    "user-uploads/alice/019b76da-a0ab-8000-8000-291934a2cd87.png",
    "user-uploads/mallory/019b76da-a0ab-8000-8000-291934a2cd87.png",
    "user-uploads/bob/cat.png",
    "user-uploads/mallory/cat.png",
    BEGUN_BEFORE,
];
const BEGUN_BEFORE: &str = "user-uploads/carol/019b76da-a0ab-7cc1-9f0e-5d2a3c4b6e71.png";

/// The image's id: whatever happens, the release before has given one to its image.
pub(crate) fn image_id(key: &str) -> Uuid {
    let begun_before = Some(key).filter(|key| *key == BEGUN_BEFORE);
    begun_before.and_then(image_id::former_id).unwrap_or_else(|| image_id::image_id(key))
}

/// What an upload holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Red,
    Blue,
    Corrupt,
}

static PICTURES: LazyLock<[(Vec<u8>, Vec<u8>); 2]> = LazyLock::new(|| {
    [[200, 0, 0], [0, 0, 200]].map(|colour| {
        let mut png = std::io::Cursor::new(Vec::new());
        let picture = image::RgbImage::from_pixel(4, 4, image::Rgb(colour));
        picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
        let png = png.into_inner();
        let thumbnail = thumbnail::thumbnail(&png, &Default::default(), &Default::default()).unwrap();
        (png, thumbnail.jpeg)
    })
});

impl Content {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Red => PICTURES[0].0.clone(),
            Self::Blue => PICTURES[1].0.clone(),
            Self::Corrupt => b"\x89PNG\r\n\x1a\nnothing more".to_vec(),
        }
    }

    /// The thumbnail, if there can be one.
    pub(crate) fn thumbnail(self) -> Option<Vec<u8>> {
        match self {
            Self::Red => Some(PICTURES[0].1.clone()),
            Self::Blue => Some(PICTURES[1].1.clone()),
            Self::Corrupt => None,
        }
    }
}

/// One thing that happens. Numbers choose among what there is, modulo its count.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Upload(usize, Content),
    Delete(usize),
    Duplicate(usize),
    /// So many messages, as the queue may deliver one more than once.
    Reprocess(usize, usize),
    Deliver(usize),
    Step(usize),
    Fail(usize),
    Crash(usize),
    TimePasses,
}

/// Random histories.
pub(crate) fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let content = prop_oneof![Just(Content::Red), Just(Content::Blue), Just(Content::Corrupt)];
    let one = prop_oneof![
        4 => (0..KEYS.len(), content).prop_map(|(key, content)| Happening::Upload(key, content)),
        1 => (0..KEYS.len()).prop_map(Happening::Delete),
        2 => any::<usize>().prop_map(Happening::Duplicate),
        2 => (0..KEYS.len(), 1..3_usize).prop_map(|(key, copies)| Happening::Reprocess(key, copies)),
        6 => any::<usize>().prop_map(Happening::Deliver),
        40 => any::<usize>().prop_map(Happening::Step),
        2 => any::<usize>().prop_map(Happening::Fail),
        2 => any::<usize>().prop_map(Happening::Crash),
        1 => Just(Happening::TimePasses),
    ];
    prop::collection::vec(one, 10..120)
}

/// S3's order of versions, as text.
pub(crate) fn sequencer(version: u64) -> String {
    format!("{:0<32}", format!("{version:016X}"))
}

/// What was uploaded, and whether anything crashed.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Versions of each key.
    pub(crate) versions: BTreeMap<String, BTreeMap<u64, Content>>,
    /// Whether an attempt crashed or lost an answer.
    pub(crate) disturbed: bool,
    /// Messages that the queue has not seen acknowledged.
    queue: Vec<Message>,
    /// Every message ever sent, for duplicates.
    sent: Vec<Message>,
    clock: u64,
}

/// A body, and when its version was asked to be done again.
type Message = (String, Option<u64>);

/// A history being played.
pub(crate) struct Play {
    world: Arc<Mutex<World>>,
    defect: Option<Defect>,
    history: History,
    running: Vec<Running<bool>>,
    telemetry: Telemetry,
}

impl Play {
    /// Plays `happenings` and lets everything come to rest; answers what is left.
    pub(crate) fn all(
        happenings: &[Happening],
        defect: Option<Defect>,
        telemetry: &Telemetry,
    ) -> (Arc<Mutex<World>>, History) {
        let mut play = Self {
            world: Arc::default(),
            defect,
            history: History::default(),
            running: Vec::new(),
            telemetry: telemetry.clone(),
        };
        play.begin_before();
        for happening in happenings {
            play.happen(happening);
        }
        play.rest();
        (play.world, play.history)
    }

    /// The release before has announced a version of its image, older than all that follow.
    fn begin_before(&mut self) {
        let upload = Upload {
            bucket: "originals".to_owned(),
            key: BEGUN_BEFORE.to_owned(),
            at: UNIX_EPOCH,
            sequencer: sequencer(0),
            reprocess: None,
        };
        let claim = Item::claim(image_id(BEGUN_BEFORE), &upload, Uuid::now_v7(), UNIX_EPOCH);
        let item = Item { status: Status::Done, notified: true, ..claim };
        let note = Note {
            subject: String::new(),
            body: completion::body(&item),
            status: item.status,
            image_id: item.image_id.to_string(),
            traceparent: None,
        };
        let mut world = self.world.lock().unwrap();
        world.items.insert(item.image_id.to_string(), item);
        world.notes.push(note);
        drop(world);
        self.history.sent.push((created(BEGUN_BEFORE, &sequencer(0)), None));
    }

    fn happen(&mut self, happening: &Happening) {
        match *happening {
            Happening::Upload(key, content) => self.upload(KEYS[key], content),
            Happening::Delete(key) => drop(self.world.lock().unwrap().objects.remove(KEYS[key])),
            Happening::Duplicate(n) => {
                let copy = self.history.sent.get(n % self.history.sent.len().max(1)).cloned();
                self.history.queue.extend(copy);
            }
            Happening::Reprocess(key, copies) => self.reprocess(KEYS[key], copies),
            Happening::Deliver(n) => self.deliver(n),
            Happening::Step(n) => self.step(n, Ok(())),
            Happening::Fail(n) => {
                // The call may have had its effect, and only the answer be lost.
                self.history.disturbed |= !self.running.is_empty();
                self.step(n, Err(()));
            }
            Happening::Crash(n) => {
                if !self.running.is_empty() {
                    let crashed = self.running.remove(n % self.running.len());
                    self.history.disturbed = true;
                    drop(crashed);
                }
            }
            Happening::TimePasses => self.time_passes(),
        }
    }

    fn upload(&mut self, key: &str, content: Content) {
        self.history.clock += 1;
        let version = self.history.clock;
        self.world.lock().unwrap().objects.insert(key.to_owned(), (version, content.bytes()));
        self.history.versions.entry(key.to_owned()).or_default().insert(version, content);
        self.send((created(key, &sequencer(version)), None));
    }

    /// Asks for the version that the table has to be done again, as `ops reprocess` does.
    fn reprocess(&mut self, key: &str, copies: usize) {
        let id = image_id::image_id(key).to_string();
        let standing = self.world.lock().unwrap().items.get(&id).map(|item| item.sequencer.clone());
        if let Some(sequencer) = standing {
            self.history.clock += 1;
            let message = (created(key, &sequencer), Some(self.history.clock));
            (0..copies).for_each(|_| self.send(message.clone()));
        }
    }

    fn send(&mut self, message: Message) {
        self.history.queue.push(message.clone());
        self.history.sent.push(message);
    }

    /// Begins an attempt at a message that no attempt has at the moment: it is invisible to others.
    fn deliver(&mut self, n: usize) {
        let free: Vec<usize> = (0..self.history.queue.len())
            .filter(|message| self.running.iter().all(|running| running.message != *message))
            .collect();
        let Some(message) = free.get(n % free.len().max(1)).copied() else { return };
        let gates = Gates::default();
        let store = Gated { world: Arc::clone(&self.world), defect: self.defect, gates: gates.clone() };
        let future = attempt(store, self.history.queue[message].clone(), self.telemetry.clone());
        let begun = Running::begin(message, gates, future);
        self.progressed(message, begun);
    }

    fn step(&mut self, n: usize, answer: Result<(), ()>) {
        if !self.running.is_empty() {
            let running = self.running.remove(n % self.running.len());
            let message = running.message;
            let progress = running.step(answer);
            self.progressed(message, progress);
        }
    }

    fn progressed(&mut self, message: usize, progress: Progress<bool>) {
        match progress {
            Progress::Waiting(running) => self.running.push(running),
            Progress::Done(true) => {
                self.history.queue.remove(message);
                for running in &mut self.running {
                    running.message -= usize::from(running.message > message);
                }
            }
            Progress::Done(false) => {}
        }
    }

    /// Claims of attempts that crashed run out; attempts that still run are younger than their claims.
    fn time_passes(&mut self) {
        if self.running.is_empty() && self.defect != Some(Defect::NeverExpires) {
            for item in self.world.lock().unwrap().items.values_mut() {
                item.claimed_until = UNIX_EPOCH;
            }
        }
    }

    /// Ends what runs, then delivers what is left until the queue is empty.
    fn rest(&mut self) {
        for _ in 0..20 {
            while !self.running.is_empty() {
                self.step(0, Ok(()));
            }
            self.time_passes();
            for message in (0..self.history.queue.len()).rev() {
                self.deliver(message);
                while !self.running.is_empty() {
                    self.step(0, Ok(()));
                }
            }
            if self.history.queue.is_empty() {
                return;
            }
        }
    }
}

/// One invocation with one message; whether the queue may forget the message.
async fn attempt(store: Gated, (body, reprocess): Message, telemetry: Telemetry) -> bool {
    let config = Config::read(|name| match name {
        "ORIGINAL_BUCKET" => Some("originals".to_owned()),
        "PROCESSED_BUCKET" | "METADATA_TABLE" | "TOPIC_ARN" | "QUEUE_URL" => Some(name.to_owned()),
        _ => None,
    });
    let app = App::new(config.unwrap(), store, telemetry);
    let mut context = Context::default();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_hours(1);
    context.deadline = u64::try_from(deadline.as_millis()).unwrap();
    let event = reprocess.map_or_else(|| batch(&[&body]), |at| again(&body, at));
    handle(&app, LambdaEvent::new(event, context)).await.batch_item_failures.is_empty()
}
