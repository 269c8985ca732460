//! Picture of the flow: hops at their places and arrows between, once wide and once narrow; style shows one of them.

use contract::time::rfc3339_millis;
use maud::{Markup, html};

/// One place that an upload passes, or leaves something at.
#[derive(Debug)]
pub(super) struct Hop {
    id: &'static str,
    name: &'static str,
    figure: String,
    note: String,
    tone: Tone,
    /// What was at which time, for who points at the hop.
    moment: Option<String>,
}

/// How it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it should be when nothing goes on.
    Calm,
    /// Something is on its way.
    Busy,
    /// Somebody has to look.
    Bad,
}

impl Hop {
    pub(super) fn new(
        id: &'static str,
        name: &'static str,
        figure: impl Into<String>,
        note: impl Into<String>,
    ) -> Self {
        Self { id, name, figure: figure.into(), note: note.into(), tone: Tone::Calm, moment: None }
    }

    pub(super) fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// With what was when, in milliseconds since 1970, if that is known.
    pub(super) fn at(self, what: &str, at_ms: Option<i64>) -> Self {
        Self { moment: at_ms.map(|at| format!("{what} {}", rfc3339_millis(at))), ..self }
    }
}

/// Where hops stand, and how large they are.
struct Plan {
    class: &'static str,
    size: (i32, i32),
    hop: (i32, i32),
    places: &'static [(&'static str, i32, i32)],
    arrows: &'static [(&'static str, &'static str)],
}

const WIDE: Plan = Plan {
    class: "wide",
    size: (1080, 356),
    hop: (176, 92),
    places: &[
        ("api", 0, 132),
        ("uploads", 226, 132),
        ("queue", 452, 132),
        ("processor", 678, 132),
        ("thumbnails", 904, 0),
        ("table", 904, 132),
        ("topic", 904, 264),
        ("dead", 452, 264),
        ("metrics", 226, 264),
    ],
    arrows: &[
        ("api", "uploads"),
        ("uploads", "queue"),
        ("queue", "processor"),
        ("processor", "thumbnails"),
        ("processor", "table"),
        ("processor", "topic"),
        ("queue", "dead"),
    ],
};

const NARROW: Plan = Plan {
    class: "narrow",
    size: (328, 900),
    hop: (156, 92),
    places: &[
        ("api", 0, 0),
        ("uploads", 0, 132),
        ("queue", 0, 264),
        ("processor", 0, 396),
        ("thumbnails", 172, 528),
        ("table", 172, 660),
        ("topic", 172, 792),
        ("dead", 172, 264),
        ("metrics", 172, 132),
    ],
    arrows: &[
        ("api", "uploads"),
        ("uploads", "queue"),
        ("queue", "processor"),
        ("processor", "thumbnails"),
        ("processor", "table"),
        ("processor", "topic"),
        ("queue", "dead"),
    ],
};

/// Both pictures.
pub(super) fn draw(hops: &[Hop]) -> Markup {
    html! { (picture(hops, &WIDE)) (picture(hops, &NARROW)) }
}

fn picture(hops: &[Hop], plan: &Plan) -> Markup {
    let (width, height) = plan.size;
    html! {
        // A margin for strokes and the arrows' heads.
        svg .flow-picture .(plan.class) viewBox=(format!("-2 -2 {} {}", width + 4, height + 4)) role="group" aria-label="Hops of the pipeline" {
            @for (from, to) in plan.arrows { (arrow(plan, from, to)) }
            // The metrics function reads the buckets, and no upload passes it.
            @if let Some(line) = aside(plan) { path .aside d=(line) {} }
            @for hop in hops {
                @if let Some((x, y)) = place(plan, hop.id) { (node(plan, hop, x, y)) }
            }
        }
    }
}

fn place(plan: &Plan, id: &str) -> Option<(i32, i32)> {
    plan.places.iter().find(|(name, ..)| *name == id).map(|(_, x, y)| (*x, *y))
}

fn node(plan: &Plan, hop: &Hop, x: i32, y: i32) -> Markup {
    let tone = match hop.tone {
        Tone::Calm => "calm",
        Tone::Busy => "at-work",
        Tone::Bad => "at-fault",
    };
    html! {
        g .hop .(tone) id=(format!("{}-{}", plan.class, hop.id)) transform=(format!("translate({x} {y})")) {
            @if let Some(moment) = &hop.moment { title { (moment) } }
            rect width=(plan.hop.0) height=(plan.hop.1) rx="10" {}
            text .hop-name x="12" y="26" { (hop.name) }
            text .hop-figure x="12" y="53" { (hop.figure) }
            text .hop-note x="12" y="75" { (hop.note) }
        }
    }
}

/// From the side of one to the side of another, or from above to below.
fn arrow(plan: &Plan, from: &str, to: &str) -> Markup {
    let Some(((x, y), (to_x, to_y))) = place(plan, from).zip(place(plan, to)) else { return html! {} };
    let (width, height) = plan.hop;
    let (line, head) = if to_x == x {
        let (x, end) = (x + width / 2, to_y - 3);
        (
            format!("M{x} {}V{end}", y + height),
            format!("M{} {}L{x} {end}L{} {}", x - 5, end - 7, x + 5, end - 7),
        )
    } else if to_y > y + height && plan.class == "narrow" {
        // Down along the left, then to the right.
        let (x, y, end, to_y) = (x + width / 2, y + height, to_x - 3, to_y + height / 2);
        (format!("M{x} {y}V{}Q{x} {to_y} {} {to_y}H{end}", to_y - 12, x + 12), head_right(end, to_y))
    } else {
        let (x, y, end, to_y) = (x + width, y + height / 2, to_x - 3, to_y + height / 2);
        let middle = i32::midpoint(x, end);
        (format!("M{x} {y}C{middle} {y} {middle} {to_y} {end} {to_y}"), head_right(end, to_y))
    };
    html! { path .arrow d=(line) {} path .arrow d=(head) {} }
}

fn head_right(x: i32, y: i32) -> String {
    format!("M{} {}L{x} {y}L{} {}", x - 7, y - 5, x - 7, y + 5)
}

fn aside(plan: &Plan) -> Option<String> {
    let ((x, y), (bucket_x, bucket_y)) = place(plan, "metrics").zip(place(plan, "uploads"))?;
    let (width, height) = plan.hop;
    Some(if x == bucket_x {
        format!("M{} {y}V{}", x + width / 2, bucket_y + height)
    } else {
        format!("M{x} {0}H{1}", y + height / 2, bucket_x + width)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_has_its_absolute_time_for_who_points_at_it_if_one_is_known() {
        let hop = |at| {
            node(&WIDE, &Hop::new("topic", "Topic", "1 sent", "now").at("last sent", at), 0, 0).into_string()
        };
        assert!(hop(Some(0)).contains("<title>last sent 1970-01-01T00:00:00Z</title>"), "{}", hop(Some(0)));
        assert!(!hop(None).contains("<title>"));
    }

    #[test]
    fn every_hop_has_a_place_in_both_pictures_within_the_frame_and_covers_no_other() {
        for plan in [&WIDE, &NARROW] {
            let (width, height) = plan.hop;
            for (index, (id, x, y)) in plan.places.iter().enumerate() {
                assert!(x + width <= plan.size.0 && y + height <= plan.size.1, "{id} in {}", plan.class);
                for (other, at_x, at_y) in &plan.places[index + 1..] {
                    let is_apart = (x - at_x).abs() >= width || (y - at_y).abs() >= height;
                    assert!(is_apart, "{id} and {other} in {}", plan.class);
                }
            }
            for (from, to) in plan.arrows {
                assert!(place(plan, from).is_some() && place(plan, to).is_some(), "{from} to {to}");
            }
        }
    }
}
