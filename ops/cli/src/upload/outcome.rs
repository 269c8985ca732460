//! Outcome of each uploaded file: JSON document, and summary for people.

use std::collections::BTreeMap;

use aws_client::chain;
use pipeline_client::FlowError;
use pipeline_client::upload::Uploaded;
use serde::{Deserialize, Serialize};
use terminal::{Style, clean, paint};

/// The status of a processed image.
const DONE: &str = "DONE";

/// Up to this many uploads are listed one by one.
const FEW: usize = 20;

/// How many files are named as examples of one kind of failure.
const EXAMPLES: usize = 3;

/// What `upload --json` prints.
#[derive(Serialize)]
pub(crate) struct Document {
    pub(crate) ok: bool,
    /// How many ended `DONE`, and for each reason how many did not.
    totals: BTreeMap<String, usize>,
    pub(crate) uploads: Vec<Upload>,
}

impl Document {
    pub(crate) fn of(uploads: Vec<Upload>) -> Self {
        let totals =
            totals(&uploads).into_iter().map(|(outcome, count)| (outcome.to_owned(), count)).collect();
        Self { ok: uploads.iter().all(Upload::is_done), totals, uploads }
    }
}

/// The outcome of one file.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Upload {
    file: String,
    image_id: Option<String>,
    key: Option<String>,
    /// `DONE` or `FAILED`, once the pipeline has decided.
    status: Option<String>,
    /// Why the pipeline refused it.
    reason: Option<String>,
    thumbnail_key: Option<String>,
    /// Why the upload failed before the pipeline decided.
    error: Option<String>,
}

impl Upload {
    pub(crate) fn of(file: &str, result: Result<Uploaded, FlowError>) -> Self {
        let file = file.to_owned();
        match result {
            Ok(Uploaded { image_id, file_path, item }) => Self {
                file,
                image_id: Some(image_id),
                key: Some(file_path),
                status: Some(item.status),
                reason: item.reason,
                thumbnail_key: item.processed_key,
                error: None,
            },
            Err(error) => Self::broken(&file, &chain(&error)),
        }
    }

    /// The outcome of a file that failed before the pipeline decided.
    pub(crate) fn broken(file: &str, why: &str) -> Self {
        Self { file: file.to_owned(), error: Some(why.to_owned()), ..Self::default() }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.status.as_deref() == Some(DONE)
    }

    /// Whether the pipeline has decided.
    pub(crate) fn has_ended(&self) -> bool {
        self.status.is_some()
    }

    /// `DONE`, or why not.
    fn outcome(&self) -> &str {
        let reason = self.reason.as_deref().or(self.error.as_deref());
        reason.or(self.status.as_deref()).unwrap_or_default()
    }

    fn line(&self, style: Style) -> String {
        let status = self.status.as_deref().unwrap_or("NOT UPLOADED");
        let status = paint(if self.is_done() { "32" } else { "31" }, status, style);
        let facts = [&self.reason, &self.image_id, &self.error].into_iter().flatten();
        let facts: Vec<String> = facts.map(|fact| clean(fact)).collect();
        format!("{status}  {}  {}", clean(&self.file), facts.join("  "))
    }
}

/// The number of files for each outcome: `DONE`, or a reason.
fn totals(uploads: &[Upload]) -> BTreeMap<&str, usize> {
    let mut totals = BTreeMap::new();
    for upload in uploads {
        *totals.entry(upload.outcome()).or_default() += 1;
    }
    totals
}

/// A line for each file when they are few; else the totals, with examples of each failure.
pub(crate) fn summary(uploads: &[Upload], stack: &str, style: Style) -> String {
    let mut lines: Vec<String> = if uploads.len() <= FEW {
        uploads.iter().map(|upload| upload.line(style)).collect()
    } else {
        totals(uploads).into_iter().map(|(outcome, count)| group(uploads, outcome, count, style)).collect()
    };
    if let Some(image_id) = uploads.iter().find_map(|upload| upload.image_id.as_deref()) {
        lines.push(format!("\nSee what happened: cargo run -- trace{stack} {image_id}"));
    }
    lines.join("\n")
}

fn group(uploads: &[Upload], outcome: &str, count: usize, style: Style) -> String {
    if outcome == DONE {
        return format!("{count:>6}  {}", paint("32", outcome, style));
    }
    let files = uploads.iter().filter(|upload| upload.outcome() == outcome).take(EXAMPLES);
    let mut files: Vec<String> = files.map(|upload| clean(&upload.file)).collect();
    if count > EXAMPLES {
        files.push("…".to_owned());
    }
    format!("{count:>6}  {}  {}", paint("31", &clean(outcome), style), files.join(", "))
}

#[cfg(test)]
mod tests {
    use contract::item::Record;

    use super::*;

    const STYLE: Style = Style { width: 80, unicode: true, color: false };

    fn uploaded(status: &str, reason: Option<&str>) -> Upload {
        let item =
            Record { status: status.to_owned(), reason: reason.map(str::to_owned), ..Record::default() };
        Upload::of("cat.jpg", Ok(Uploaded { image_id: "0193".to_owned(), file_path: "k".to_owned(), item }))
    }

    #[test]
    fn a_refused_image_shows_its_reason_and_is_not_done() {
        let failed = uploaded("FAILED", Some("Corrupt"));
        assert!(!failed.is_done());
        assert_eq!(failed.line(STYLE), "FAILED  cat.jpg  Corrupt  0193");
        assert_eq!(uploaded("DONE", None).line(STYLE), "DONE  cat.jpg  0193");
    }

    #[test]
    fn an_upload_that_broke_off_shows_why() {
        let broken = Upload::of("cat.jpg", Err(FlowError::TooSlow { what: "the record of the image" }));
        assert!(
            broken.line(STYLE).starts_with("NOT UPLOADED  cat.jpg  the record of the image did not come")
        );
        assert!(!broken.is_done());
    }

    #[test]
    fn many_uploads_are_counted_by_outcome_with_examples_of_failed_ones() {
        let mut uploads: Vec<Upload> = (0..30).map(|_| uploaded("DONE", None)).collect();
        uploads.extend((0..4).map(|_| uploaded("FAILED", Some("Corrupt"))));
        uploads.push(Upload::broken("gone.jpg", "cannot be read: gone"));
        assert_eq!(totals(&uploads), [("DONE", 30), ("Corrupt", 4), ("cannot be read: gone", 1)].into());
        let printed = summary(&uploads, "", STYLE);
        let lines: Vec<&str> = printed.lines().take(3).collect();
        let expected = [
            "     4  Corrupt  cat.jpg, cat.jpg, cat.jpg, …",
            "    30  DONE",
            "     1  cannot be read: gone  gone.jpg",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_summary_names_the_next_command() {
        let summary = summary(&[uploaded("DONE", None)], " --name ci", STYLE);
        assert!(summary.ends_with("cargo run -- trace --name ci 0193"), "{summary}");
    }
}
