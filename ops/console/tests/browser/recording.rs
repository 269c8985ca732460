//! Recording: the story in scenes, and the file that plays them. `RECORD=1` makes it anew.

mod svg;

use std::fs;
use std::time::Duration;

use chromium::{Browser, Look};
use serde_json::json;

use crate::scenes::{CLOCK_RATE, Scene};
use crate::stack::root;
use svg::Frame;

/// Where the recording is; the README shows it first.
const FILE: &str = "docs/session.svg";
const TITLE: &str = "The image pipeline's console, from a dropped photo to an incident that is over";
/// The window that is recorded.
const WINDOW: Look = Look { width: 1200, height: 760, is_dark: false };
/// Of the frames' WebP: letters are still clear.
const QUALITY: u8 = 72;
/// How far below the window's top the first thing to see begins: below the head, as a page's heading does.
const MARGIN: u32 = 89;

/// The scenes in their order: what stands below each, and for how many milliseconds it is seen.
const SCENES: [(Scene, &str, u32); 11] = [
    (Scene::Started, "The whole pipeline on one machine, started by one command", 2_500),
    (Scene::Dropped, "A photo is dropped", 2_000),
    (Scene::Arrived, "It travels hop by hop, and its thumbnail is there", 2_500),
    (Scene::Traced, "One trace from the upload to the thumbnail", 3_000),
    (Scene::Broken, "One click breaks the consumer", 2_500),
    (Scene::Hurried, "Another makes the minutes of its alarm seconds", 2_500),
    (Scene::Waiting, "The next photo waits in the queue", 2_500),
    (Scene::Ringing, "The alarm rings, with its reason", 3_000),
    (Scene::Mended, "The runbook's own command mends it", 3_000),
    (Scene::Done, "The photo that waited has its thumbnail", 2_500),
    (Scene::Well, "All green: no alarm rings", 2_500),
];
/// Who wants no motion sees this one alone.
const STILL: Scene = Scene::Ringing;

/// Takes the scenes of a story, and frames of them when they are to be recorded.
#[derive(Debug)]
pub(crate) struct Camera {
    records: bool,
    scenes: Vec<Scene>,
    frames: Vec<Vec<u8>>,
}

/// Whether nothing is missing from what the window shows, which begins with `AT`. A short page gets room to scroll so far.
const SETTLED: &str = "((at) => { \
    document.body.style.paddingBottom = '100vh'; \
    scrollTo({ top: scrollY + at.getBoundingClientRect().top - MARGIN, behavior: 'instant' }); \
    return document.fonts.status === 'loaded' && !document.getAnimations().length && !document.querySelector('.htmx-request') \
      && [...document.images].every((it) => it.complete || it.getBoundingClientRect().top > innerHeight); \
    })(document.querySelector(AT))";

impl Camera {
    /// One that looks through the browser's window.
    pub(crate) async fn before(browser: &mut Browser) -> Self {
        browser.look(WINDOW).await;
        let records = std::env::var_os("RECORD").is_some();
        if records {
            browser.hide_scroll_bars().await;
        }
        Self { records, scenes: Vec::new(), frames: Vec::new() }
    }

    /// Takes a scene: the page as it is, from what the selector finds downwards.
    pub(crate) async fn take(&mut self, browser: &mut Browser, scene: Scene, selector: &str) {
        self.scenes.push(scene);
        if self.records {
            let at = json!(selector).to_string();
            browser.until(&SETTLED.replace("MARGIN", &MARGIN.to_string()).replace("AT", &at)).await;
            self.frames.push(browser.window(QUALITY).await);
        }
    }

    /// Ends a story that took so long.
    pub(crate) fn finish(self, took: Duration) {
        assert_eq!(
            self.scenes,
            SCENES.map(|(scene, ..)| scene),
            "the story has the scenes that are declared"
        );
        if self.records {
            let frames = SCENES.iter().zip(&self.frames);
            let frames = frames.map(|((_, caption, millis), webp)| Frame { caption, millis: *millis, webp });
            let drawn = svg::draw(TITLE, &about(took), still(), &frames.collect::<Vec<_>>());
            fs::write(root().join(FILE), drawn).unwrap();
        }
    }
}

/// What the recording says of itself; the README repeats its numbers.
fn about(took: Duration) -> String {
    let captions: Vec<&str> = SCENES.iter().map(|(_, caption, _)| *caption).collect();
    format!(
        "{}. A test has played this in {:.0} s, by alarms whose clock goes {CLOCK_RATE} times as fast as the day.",
        captions.join("; "),
        took.as_secs_f64()
    )
}

fn still() -> usize {
    SCENES.iter().position(|(scene, ..)| *scene == STILL).unwrap()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use roxmltree::Document;

    use super::*;

    /// A page that opens with more keeps its reader waiting.
    const MOST_BYTES: usize = 700_000;

    fn read(file: &str) -> String {
        fs::read_to_string(root().join(file)).unwrap()
    }

    fn texts(recording: &Document<'_>, tag: &str) -> Vec<String> {
        let found = recording.descendants().filter(|node| node.has_tag_name((svg::NAMESPACE, tag)));
        found.map(|node| node.text().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn the_recording_has_a_frame_for_each_scene_of_the_story_with_its_caption_and_its_time() {
        let recording = read(FILE);
        assert!(recording.len() < MOST_BYTES, "{} bytes", recording.len());
        let recording = Document::parse(&recording).unwrap();
        assert_eq!(texts(&recording, "title"), [TITLE]);
        assert_eq!(texts(&recording, "tspan"), SCENES.map(|(_, caption, _)| caption));
        assert_eq!(texts(&recording, "style"), [svg::style(still(), &SCENES.map(|(.., millis)| millis))]);
        let mut frames: Vec<Vec<u8>> = Vec::new();
        for address in recording.descendants().filter_map(|node| node.attribute("href")) {
            let data = address.strip_prefix("data:image/webp;base64,").unwrap();
            frames.push(STANDARD.decode(data).unwrap());
        }
        assert_eq!(frames.len(), SCENES.len());
        assert!(frames.iter().all(|frame| frame.starts_with(b"RIFF") && frame[8..].starts_with(b"WEBP")));
        frames.sort_unstable();
        frames.dedup();
        assert_eq!(frames.len(), SCENES.len(), "no frame is there twice");
    }

    #[test]
    fn readmes_open_with_the_recording_and_say_how_long_it_took_and_by_which_clock() {
        let recording = read(FILE);
        let recording = Document::parse(&recording).unwrap();
        let about = &texts(&recording, "desc")[0];
        let numbers = |text: &str| -> Vec<u64> {
            text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
        };
        assert_eq!(numbers(about).last(), Some(&u64::from(CLOCK_RATE)), "{about}");
        for page in ["README.md", "README.zh-CN.md"] {
            let page = read(page);
            let opening = page.split("\n## ").next().unwrap();
            let (_, below) = opening.split_once(&format!("]({FILE})\n\n")).unwrap();
            let caption = below.lines().next().unwrap();
            assert_eq!(numbers(caption), numbers(about), "{caption}: {about}");
        }
    }
}
