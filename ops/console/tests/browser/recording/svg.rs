//! Frames as one SVG that plays by itself, with a caption below each.
//!
//! It plays within an `<img>`, where no script runs and nothing is loaded: frames are data, and style shows one at a time.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};

use super::WINDOW;

pub(super) const NAMESPACE: &str = "http://www.w3.org/2000/svg";
/// Height of the captions' bar below the window.
const BAR: u32 = 56;
/// Width that pages keep free for the scroll bar, which is not shown.
const GUTTER: u32 = 15;

/// A picture of the window, and what is said of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) caption: &'a str,
    pub(super) millis: u32,
    pub(super) webp: &'a [u8],
}

/// The file; who wants no motion sees the frame `still` alone.
pub(super) fn draw(title: &str, about: &str, still: usize, frames: &[Frame<'_>]) -> String {
    let (width, height) = (WINDOW.width - GUTTER, WINDOW.height + BAR);
    let millis: Vec<u32> = frames.iter().map(|frame| frame.millis).collect();
    let drawn = html! {
        svg xmlns=(NAMESPACE) width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-labelledby="title about" {
            title id="title" { (title) }
            desc id="about" { (about) }
            style { (PreEscaped(style(still, &millis))) }
            rect class="bar" width=(width) height=(height) {}
            @for (index, frame) in frames.iter().enumerate() {
                g class="scene" id=(id(index)) { (scene(index, frames.len(), frame)) }
            }
            rect class="edge" x="0.5" y="0.5" width=(width - 1) height=(height - 1) {}
        }
    };
    drawn.into_string().replace("<g ", "\n<g ") + "\n"
}

fn scene(index: usize, all: usize, frame: &Frame<'_>) -> Markup {
    let middle = WINDOW.height + BAR / 2 + 8;
    let data = format!("data:image/webp;base64,{}", STANDARD.encode(frame.webp));
    html! {
        image width=(WINDOW.width) height=(WINDOW.height) href=(data) {}
        text x="24" y=(middle) { (index + 1) " / " (all) tspan x="136" { (frame.caption) } }
    }
}

fn id(index: usize) -> String {
    format!("scene-{}", index + 1)
}

/// Shows each scene in its turn, for as long as it is to be seen, over and over.
pub(super) fn style(still: usize, millis: &[u32]) -> String {
    let all: u32 = millis.iter().sum();
    let mut style = format!(
        ".bar{{fill:#18202b}}.edge{{fill:none;stroke:#8b949e}}.scene{{visibility:hidden}}#{}{{visibility:visible}}\
         text{{font:600 24px system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",\"Noto Sans\",\"DejaVu Sans\",sans-serif;fill:#7ab3ee}}\
         tspan{{fill:#fff}}\
         @media (prefers-reduced-motion:no-preference){{.scene{{animation:{all}ms step-end infinite}}",
        id(still)
    );
    for index in 0..millis.len() {
        write!(style, "#{0}{{animation-name:{0}}}", id(index)).unwrap();
    }
    style.push('}');
    let mut from = 0;
    for (index, length) in millis.iter().enumerate() {
        let until = from + length;
        write!(style, "@keyframes {}{{", id(index)).unwrap();
        let before = (from > 0).then_some((0, false));
        for (at, is_seen) in before.into_iter().chain([(from, true), (until, false)]) {
            let percent = 100.0 * f64::from(at) / f64::from(all);
            let visibility = if is_seen { "visible" } else { "hidden" };
            write!(style, "{percent:.4}%{{visibility:{visibility}}}").unwrap();
        }
        style.push('}');
        from = until;
    }
    style
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;

    /// The scenes that are seen at a moment, counted from 0.
    fn seen_at(style: &str, percent: f64) -> Vec<usize> {
        let is_seen = |frames: &str| {
            let steps = frames.split('}').filter_map(|step| step.split_once("%{visibility:"));
            let mut begun =
                steps.filter(|(at, _)| at.rsplit('{').next().unwrap().parse::<f64>().unwrap() <= percent);
            begun.next_back().is_some_and(|(_, visibility)| visibility == "visible")
        };
        let scenes: Vec<&str> = style.split("@keyframes ").skip(1).collect();
        (0..scenes.len()).filter(|index| is_seen(scenes[*index])).collect()
    }

    #[test]
    fn at_each_moment_one_scene_is_seen_and_each_for_its_time() {
        let millis = [2_500, 1_000, 3_333, 667];
        let style = style(2, &millis);
        assert!(style.contains("animation:7500ms step-end infinite"), "{style}");
        let mut seen = [0; 4];
        for at in 0..7_500_u32 {
            // In the middle of each: percents are rounded.
            let scenes = seen_at(&style, (f64::from(at) + 0.5) / 75.0);
            assert_eq!(scenes.len(), 1, "{scenes:?} at {at} ms");
            seen[scenes[0]] += 1;
        }
        assert_eq!(seen, millis);
    }

    #[test]
    fn without_motion_the_still_alone_is_seen() {
        let style = style(1, &[1, 1, 1]);
        let (before, moving) = style.split_once("@media (prefers-reduced-motion:no-preference){").unwrap();
        assert!(before.contains(".scene{visibility:hidden}#scene-2{visibility:visible}"), "{before}");
        assert_eq!(before.matches("#scene").count(), 1);
        // What moves is within the condition, and only key frames follow it.
        let (_, after) = moving.split_once("}}").unwrap();
        assert!(!before.contains("animation") && after.starts_with("@keyframes"), "{after}");
    }

    #[test]
    fn any_caption_is_text_of_a_well_formed_file_that_loads_nothing() {
        let caption = "</text><script>\"&amp;\" 'it'</script>";
        let frame = Frame { caption, millis: 1_000, webp: b"webp" };
        let drawn = draw("<title>", caption, 0, &[frame, frame]);
        let file = Document::parse(&drawn).unwrap();
        let of =
            |tag: &'static str| file.descendants().filter(move |node| node.has_tag_name((NAMESPACE, tag)));
        let captions: Vec<_> = of("tspan").map(|node| node.text().unwrap()).collect();
        assert_eq!(captions, [caption, caption]);
        assert_eq!(of("script").count(), 0);
        let mut addresses = file.descendants().filter_map(|node| node.attribute("href"));
        assert!(addresses.all(|address| address == "data:image/webp;base64,d2VicA=="));
        assert!(!drawn.contains("url(") && !drawn.contains("@import"), "{drawn}");
    }
}
