//! Paint: the glyphs and colours of a waterfall.

use std::collections::HashMap;

use terminal::{Style, paint};

use crate::span::Span;

pub(super) struct Glyphs {
    pub(super) tee: &'static str,
    pub(super) corner: &'static str,
    pub(super) trunk: &'static str,
    pub(super) bar: &'static str,
    pub(super) sliver: &'static str,
    pub(super) gap: &'static str,
    pub(super) dot: &'static str,
    pub(super) failed: &'static str,
    pub(super) ellipsis: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    tee: "├ ",
    corner: "└ ",
    trunk: "│ ",
    bar: "█",
    sliver: "▏",
    gap: "┈",
    dot: "·",
    failed: "✗",
    ellipsis: "…",
};

const ASCII: Glyphs = Glyphs {
    tee: "|-",
    corner: "`-",
    trunk: "| ",
    bar: "#",
    sliver: "|",
    gap: "~",
    dot: "-",
    failed: "!",
    ellipsis: ".",
};

/// What a piece of text stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Bold,
    Faint,
    Bad,
    /// The n-th service.
    Service(usize),
}

/// Colours of services: readable on light and on dark, none of them red.
const SERVICES: [&str; 5] = ["36", "34", "35", "32", "33"];

pub(super) struct Paint<'a> {
    pub(super) style: Style,
    services: HashMap<&'a str, usize>,
}

impl<'a> Paint<'a> {
    pub(super) fn new(style: Style, spans: &'a [Span]) -> Self {
        Self { style, services: service_order(spans) }
    }

    pub(super) fn glyphs(&self) -> &'static Glyphs {
        if self.style.unicode { &UNICODE } else { &ASCII }
    }

    pub(super) fn service(&self, service: &str) -> Ink {
        Ink::Service(self.services.get(service).copied().unwrap_or_default())
    }

    pub(super) fn ink(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Bold => "1",
            Ink::Faint => "2",
            Ink::Bad => "31",
            Ink::Service(index) => SERVICES.get(index % SERVICES.len()).copied().unwrap_or("36"),
        };
        paint(code, text, self.style)
    }
}

/// The services of a trace in order of appearance, so that each keeps its colour.
fn service_order(spans: &[Span]) -> HashMap<&str, usize> {
    let mut order = HashMap::new();
    for span in spans {
        let next = order.len();
        order.entry(span.service.as_str()).or_insert(next);
    }
    order
}

/// A duration with about three digits.
pub(super) fn duration(us: u64, unicode: bool) -> String {
    let tenths = |value: u64, unit: u64| (value / unit, value % unit * 10 / unit);
    match us {
        0..1_000 => format!("{us} {}", if unicode { "µs" } else { "us" }),
        1_000..10_000 => {
            let (ms, tenth) = tenths(us, 1_000);
            format!("{ms}.{tenth} ms")
        }
        10_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..60_000_000 => {
            let (s, tenth) = tenths(us, 1_000_000);
            format!("{s}.{tenth} s")
        }
        60_000_000..3_600_000_000 => format!("{} m {:02} s", us / 60_000_000, us / 1_000_000 % 60),
        _ => format!("{} h {:02} m", us / 3_600_000_000, us / 60_000_000 % 60),
    }
}
