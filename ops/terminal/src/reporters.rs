//! Reporters of progress on stderr: spinners on a terminal, plain lines elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::progress::{Progress, Reporter};
use crate::stream::{Terminal, print_err};
use crate::style::paint;

/// At least this long between two plain lines about one step.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// A finished step that took less is printed without its time.
const SHOWN_FROM: Duration = Duration::from_millis(100);

/// The reporter that suits the terminal.
#[must_use]
pub fn reporter(terminal: Terminal) -> Box<dyn Reporter> {
    if terminal.is_live { Box::new(Live::new(terminal)) } else { Box::new(Plain::default()) }
}

/// Reporter for a terminal: a spinner for each running step.
struct Live {
    lines: MultiProgress,
    bars: Mutex<HashMap<&'static str, ProgressBar>>,
    terminal: Terminal,
}

impl Live {
    fn new(terminal: Terminal) -> Self {
        Self { lines: MultiProgress::new(), bars: Mutex::default(), terminal }
    }

    fn style(&self, counted: bool) -> ProgressStyle {
        let colour = if self.terminal.style.color { ".cyan" } else { "" };
        let count = if counted { " {pos}/{len}" } else { "" };
        let template = format!("{{spinner{colour}}} {{prefix}}{count} {{wide_msg}}");
        let ticks = if self.terminal.style.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " } else { "|/-\\ " };
        let style =
            ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        style.tick_chars(ticks)
    }

    fn print_err(&self, text: &str) {
        // A terminal that is gone shows nothing.
        self.lines.println(text).ok();
    }
}

impl Reporter for Live {
    fn report(&self, progress: Progress) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Started { id, label } => {
                let bar = self.lines.add(ProgressBar::new_spinner().with_style(self.style(false)));
                bar.set_prefix(label);
                bar.enable_steady_tick(Duration::from_millis(100));
                if let Some(earlier) = bars.insert(id, bar) {
                    earlier.finish_and_clear();
                }
            }
            Progress::Moved { id, detail, done, total } => {
                let Some(bar) = bars.get(id) else { return };
                if let (Some(done), Some(total)) = (done, total) {
                    bar.set_style(self.style(true));
                    bar.set_length(total);
                    bar.set_position(done);
                }
                bar.set_message(detail);
            }
            Progress::Finished { id, label, took } => {
                if let Some(bar) = bars.remove(id) {
                    bar.finish_and_clear();
                }
                let tick = if self.terminal.style.unicode { "✓" } else { "ok" };
                let tick = paint("32", tick, self.terminal.style);
                self.print_err(&format!("{tick} {label}{}", after(took)));
            }
            Progress::Note(text) => self.print_err(&text),
        }
    }
}

impl Drop for Live {
    /// Clears the spinners of steps that failed or were interrupted.
    fn drop(&mut self) {
        self.lines.clear().ok();
    }
}

/// Reporter for pipes and logs: plain lines.
#[derive(Default)]
struct Plain {
    printed: Mutex<HashMap<&'static str, std::time::Instant>>,
}

impl Plain {
    /// Whether a line about this step is due.
    fn is_due(&self, id: &'static str) -> bool {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        let due = printed.get(id).is_none_or(|last| last.elapsed() >= PLAIN_INTERVAL);
        if due {
            printed.insert(id, std::time::Instant::now());
        }
        due
    }
}

impl Reporter for Plain {
    fn report(&self, progress: Progress) {
        match progress {
            Progress::Started { id, label } => {
                self.is_due(id);
                print_err(&format!("{label} ..."));
            }
            Progress::Moved { id, detail, done, total } => {
                if self.is_due(id) {
                    let count = done.zip(total).map(|(done, total)| format!("{done}/{total} "));
                    print_err(&format!("  {}{detail}", count.unwrap_or_default()));
                }
            }
            Progress::Finished { label, took, .. } => print_err(&format!("{label}{}", after(took))),
            Progress::Note(text) => print_err(&text),
        }
    }
}

fn after(took: Duration) -> String {
    if took < SHOWN_FROM { String::new() } else { format!(" ({:.1} s)", took.as_secs_f64()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_goes_on_is_printed_at_most_every_few_seconds() {
        let plain = Plain::default();
        assert!(plain.is_due("build"));
        assert!(!plain.is_due("build"));
        assert!(plain.is_due("deploy"));
    }

    #[test]
    fn short_steps_are_printed_without_their_time() {
        assert_eq!(after(Duration::from_millis(99)), "");
        assert_eq!(after(Duration::from_millis(1240)), " (1.2 s)");
    }
}
