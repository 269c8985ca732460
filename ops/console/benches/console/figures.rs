//! Figures, and what is promised of them.

use serde_json::Value;

/// What was promised, and which of it was not kept.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    broken: Vec<String>,
}

impl Promises {
    /// Prints a figure that may be this large; both are milliseconds.
    pub(crate) fn hold(&mut self, what: &str, figure: u128, most: u128) {
        println!("{what}: {figure} ms, promised {most} ms");
        if figure > most {
            self.broken.push(format!("{what}: {figure} ms is more than {most} ms"));
        }
    }

    /// Fails where one was not kept; all have been measured by then.
    pub(crate) fn end(self) {
        assert!(self.broken.is_empty(), "{}", self.broken.join("\n"));
    }
}

/// Milliseconds that a page has counted.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds, not negative")]
pub(crate) fn whole(millis: &Value) -> u128 {
    millis.as_f64().unwrap().round() as u128
}

/// The median; the values are sorted afterwards.
pub(crate) fn middle(values: &mut [u128]) -> u128 {
    values.sort_unstable();
    values[values.len() / 2]
}
