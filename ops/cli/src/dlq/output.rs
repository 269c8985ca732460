//! Output: messages as table rows and as JSON, without secrets.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use contract::time::rfc3339_seconds;
use pipeline_client::dead_letters::cause::Cause;
use pipeline_client::dead_letters::items::Item;
use pipeline_client::dead_letters::receive::Classified;
use serde::Serialize;
use telemetry::redact;
use terminal::{Terminal, clean, columns};

use super::target::Target;

/// One message in a list.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) message_id: String,
    pub(crate) cause: Cause,
    /// How the body differs from a notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    defect: Option<String>,
    image_id: Option<String>,
    key: Option<String>,
    item: Option<Item>,
    trace_id: Option<String>,
    /// Where the trace can be looked at: an address, or a command.
    pub(crate) trace: Option<String>,
    pub(crate) sent: Option<String>,
    pub(crate) age_seconds: u64,
    pub(crate) receives: u32,
}

impl Row {
    /// The row of a message.
    pub(crate) fn of(classified: &Classified, target: &Target, now: SystemTime) -> Self {
        let image = classified.finding.image.as_ref();
        let trace_id = classified.trace_id();
        Self {
            message_id: classified.message.id.clone(),
            cause: classified.finding.cause,
            defect: classified.finding.defect.clone(),
            image_id: image.map(|image| image.id.clone()),
            key: image.map(|image| safe(&image.key)),
            item: image.and_then(|image| image.item.clone()),
            trace: trace_id.as_deref().map(|id| target.trace(id)),
            trace_id,
            sent: classified.message.sent().map(rfc3339_seconds),
            age_seconds: classified.message.age(now).as_secs(),
            receives: classified.message.receives(),
        }
    }
}

/// The messages of one cause.
#[derive(Debug, Serialize)]
pub(crate) struct Group {
    pub(crate) cause: Cause,
    pub(crate) count: usize,
    means: &'static str,
    pub(crate) next: &'static str,
    messages: Vec<Row>,
}

/// The rows by cause, the oldest first.
pub(crate) fn groups(rows: Vec<Row>) -> Vec<Group> {
    let mut by_cause: BTreeMap<Cause, Vec<Row>> = BTreeMap::new();
    for row in rows {
        by_cause.entry(row.cause).or_default().push(row);
    }
    by_cause
        .into_iter()
        .map(|(cause, mut messages)| {
            messages.sort_by(|one, other| {
                other.age_seconds.cmp(&one.age_seconds).then_with(|| one.message_id.cmp(&other.message_id))
            });
            Group { cause, count: messages.len(), means: cause.means(), next: cause.next(), messages }
        })
        .collect()
}

/// The groups as a table; where that is wider than the terminal, with what a message is about below it.
pub(crate) fn table(groups: &[Group], terminal: Terminal) -> String {
    let wide = groups.iter().map(|group| block(group, false)).collect::<Vec<_>>().join("\n\n");
    let widest = wide.lines().filter(|line| line.starts_with(' ')).map(columns).max().unwrap_or(0);
    if !terminal.is_bounded || widest <= terminal.style.width {
        return wide;
    }
    groups.iter().map(|group| block(group, true)).collect::<Vec<_>>().join("\n\n")
}

fn block(group: &Group, is_narrow: bool) -> String {
    let Group { cause, count, means, messages, .. } = group;
    let mut lines = vec![format!("{} · {} · {means}", cause.name(), messages_of(*count))];
    lines.push(if is_narrow {
        format!("  {:<36}  {:>6}  RECEIVES", "MESSAGE", "AGE")
    } else {
        line(["MESSAGE", "IMAGE", "TRACE", "AGE", "RECEIVES", "RECORD"])
    });
    for message in messages {
        let record = match (&message.item, &message.defect) {
            (Some(item), _) => Some(item.status.as_str()),
            (None, defect) => defect.as_deref(),
        };
        let (image, trace) = (message.image_id.as_deref(), message.trace_id.as_deref());
        let (id, age) = (&message.message_id, age(Duration::from_secs(message.age_seconds)));
        let receives = message.receives.to_string();
        if is_narrow {
            lines.push(format!("  {id:<36}  {age:>6}  {receives:>8}"));
            let facts = [("image", image), ("trace", trace), ("record", record)];
            lines
                .extend(facts.iter().filter_map(|(name, fact)| Some(format!("    {name:<6}  {}", (*fact)?))));
        } else {
            let [image, trace, record] = [image, trace, record].map(|fact| fact.unwrap_or("-"));
            lines.push(line([id, image, trace, &age, &receives, record]));
        }
    }
    lines.join("\n")
}

fn line([message, image, trace, age, receives, record]: [&str; 6]) -> String {
    let line = format!("  {message:<36}  {image:<36}  {trace:<32}  {age:>6}  {receives:>8}  {record}");
    line.trim_end().to_owned()
}

/// A number of messages in words.
pub(crate) fn messages_of(count: usize) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

/// A duration in its largest unit.
pub(crate) fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// Untrusted text without secrets and without control characters, which a terminal would obey.
pub(crate) fn safe(text: &str) -> String {
    clean(&redact(text))
}

#[cfg(test)]
mod tests {
    use terminal::Style;

    use super::*;

    #[test]
    fn ages_are_written_in_their_largest_unit() {
        let ages = [0, 119, 120, 7_199, 7_200, 172_799, 172_800, 1_000_000];
        let written = ages.map(|seconds| age(Duration::from_secs(seconds)));
        assert_eq!(written, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d", "11 d"]);
    }

    #[test]
    fn secrets_and_commands_to_the_terminal_are_taken_out() {
        let text = safe("mail jane@example.com \u{1b}[2J");
        assert!(!text.contains("jane@example.com") && !text.contains('\u{1b}'), "{text}");
    }

    fn row(message_id: &str, cause: Cause, age_seconds: u64) -> Row {
        let (message_id, defect) = (message_id.to_owned(), Some("it is no JSON".to_owned()));
        let none = || None;
        Row {
            message_id,
            cause,
            defect,
            image_id: none(),
            key: none(),
            item: None,
            trace_id: none(),
            trace: none(),
            sent: none(),
            age_seconds,
            receives: 6,
        }
    }

    fn terminal(width: Option<usize>) -> Terminal {
        let style = Style { width: width.unwrap_or(Style::PLAIN.width), ..Style::PLAIN };
        Terminal { style, is_live: false, is_bounded: width.is_some() }
    }

    #[test]
    fn a_narrow_terminal_has_the_whole_of_each_message_in_several_lines() {
        let message = Row {
            image_id: Some("0193a5b2-7c41-7d0e-9f00-5be2a1c0ff01".to_owned()),
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
            ..row("5fea7756-0ea4-451a-a703-a558b933e274", Cause::NotNotified, 9)
        };
        let drawn = table(&groups(vec![message]), terminal(Some(60)));
        let expected = "  MESSAGE                                  AGE  RECEIVES
  5fea7756-0ea4-451a-a703-a558b933e274     9 s         6
    image   0193a5b2-7c41-7d0e-9f00-5be2a1c0ff01
    trace   4bf92f3577b34da6a3ce929d0e0e4736
    record  it is no JSON";
        assert_eq!(drawn.split_once('\n').unwrap().1, expected);
    }

    #[test]
    fn groups_come_in_a_fixed_order_each_with_its_oldest_first() {
        let rows = vec![
            row("young", Cause::NotNotified, 1),
            row("b", Cause::Malformed, 9),
            row("old", Cause::NotNotified, 7_200),
            row("a", Cause::Malformed, 9),
        ];
        let groups = groups(rows);
        let order: Vec<Vec<&str>> = groups
            .iter()
            .map(|group| group.messages.iter().map(|row| row.message_id.as_str()).collect())
            .collect();
        assert_eq!(order, [["a", "b"], ["old", "young"]]);
        let drawn = table(&groups, terminal(None));
        let lines: Vec<&str> = drawn.lines().collect();
        assert!(lines[0].starts_with("malformed · 2 messages · no S3"), "{drawn}");
        assert!(
            lines[2].starts_with("  a ") && lines[2].ends_with(" 9 s         6  it is no JSON"),
            "{drawn}"
        );
        assert_eq!((lines[4], lines.len()), ("", 9));
    }
}
