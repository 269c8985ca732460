//! Theme: the colours of a drawing, light and dark.

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on white.
    #[default]
    Light,
    /// Light ink on a dark ground.
    Dark,
    /// The custom properties of the page that the drawing is part of, so that it turns dark with it. Charts then hold their
    /// values too, for a script that shows them.
    Page,
}

/// The colours of lines, in turn: those of CloudWatch's graphs.
const SERIES: [&str; 14] = [
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22",
    "#17becf", "#aec7e8", "#ffbb78", "#98df8a", "#ff9896",
];

impl Theme {
    const fn of(self, light: &'static str, dark: &'static str, page: &'static str) -> &'static str {
        match self {
            Self::Light => light,
            Self::Dark => dark,
            Self::Page => page,
        }
    }

    /// Behind everything.
    pub(super) const fn ground(self) -> &'static str {
        self.of("#f2f3f3", "#0f1b2a", "var(--bg)")
    }

    /// Behind a widget.
    #[must_use]
    pub const fn panel(self) -> &'static str {
        self.of("#ffffff", "#192534", "var(--surface)")
    }

    /// Around a widget.
    #[must_use]
    pub const fn border(self) -> &'static str {
        self.of("#d5dbdb", "#2a3a4d", "var(--line)")
    }

    /// Of text.
    #[must_use]
    pub const fn ink(self) -> &'static str {
        self.of("#16191f", "#e9ebed", "var(--text)")
    }

    /// Of text that is less important.
    #[must_use]
    pub const fn faint(self) -> &'static str {
        self.of("#5f6b7a", "#95a5b8", "var(--soft)")
    }

    /// Of lines to measure by.
    #[must_use]
    pub const fn grid(self) -> &'static str {
        self.of("#e9ebed", "#28384a", "var(--line)")
    }

    /// Of links.
    pub(super) const fn link(self) -> &'static str {
        self.of("#0972d3", "#539fe5", "var(--accent)")
    }

    /// Of what is wrong.
    #[must_use]
    pub const fn alarm(self) -> &'static str {
        self.of("#d91515", "#ff5d64", "var(--bad)")
    }

    /// Of what is well.
    #[must_use]
    pub const fn ok(self) -> &'static str {
        self.of("#037f0c", "#29ad32", "var(--good)")
    }

    /// Of a line by its number.
    #[must_use]
    pub fn series(index: usize) -> &'static str {
        SERIES.get(index % SERIES.len()).copied().unwrap_or("#1f77b4")
    }
}
