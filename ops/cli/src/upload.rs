//! `ops upload`: files on their way as a user's, followed to their end.

use std::path::Path;

use local_stack::flow::{FlowError, Photo, TraceHeaders, Uploaded, upload};
use local_stack::observe::logs::chain;
use local_stack::progress::Reporter;
use local_stack::stack::StackInfo;
use local_stack::user::sign_in;
use local_stack::waterfall::{Style, clean};
use serde::Serialize;

use crate::cli::UploadArgs;
use crate::failure::Failure;
use crate::photos;
use crate::progress::{paint, reporter};
use crate::signals::Signals;
use crate::terminal::{Terminals, print_json, print_text};

#[derive(Serialize)]
struct Document {
    ok: bool,
    uploads: Vec<Upload>,
}

/// What became of one file.
#[derive(Debug, Default, Serialize)]
struct Upload {
    file: String,
    image_id: Option<String>,
    key: Option<String>,
    /// `DONE` or `FAILED`, once the pipeline has decided.
    status: Option<String>,
    /// Why the pipeline refused it.
    reason: Option<String>,
    thumbnail_key: Option<String>,
    /// Why it did not get as far as a decision.
    error: Option<String>,
}

impl Upload {
    fn of(file: &str, result: Result<Uploaded, FlowError>) -> Self {
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
            Err(error) => Self { file, error: Some(chain(&error)), ..Self::default() },
        }
    }

    fn is_done(&self) -> bool {
        self.status.as_deref() == Some("DONE")
    }

    fn line(&self, style: Style) -> String {
        let status = self.status.as_deref().unwrap_or("NOT UPLOADED");
        let status = paint(if self.is_done() { "32" } else { "31" }, status, style);
        let facts = [&self.reason, &self.image_id, &self.error].into_iter().flatten();
        let facts: Vec<String> = facts.map(|fact| clean(fact)).collect();
        format!("{status}  {}  {}", clean(&self.file), facts.join("  "))
    }
}

/// Uploads the files one after the other.
///
/// # Errors
/// No running stack, a file that cannot be read, or one that did not end `DONE`.
pub(crate) async fn run(args: UploadArgs, root: &Path, terminals: Terminals) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let info = StackInfo::find(root, &args.name)?;
    let photos = photos::read(&args.files)?;
    let progress = reporter(terminals.err);
    let uploads = signals.guard(all(&info, &photos, &*progress)).await?;
    drop(progress);
    let ok = uploads.iter().all(Upload::is_done);
    if args.json {
        print_json(&Document { ok, uploads })?;
    } else {
        print_text(&summary(&uploads, &args.name, terminals.out.style))?;
    }
    if ok { Ok(()) } else { Err(Failure::Pipeline) }
}

async fn all(info: &StackInfo, photos: &[Photo], progress: &dyn Reporter) -> Vec<Upload> {
    let mut uploads = Vec::with_capacity(photos.len());
    for photo in photos {
        uploads.push(Upload::of(&photo.name, one(info, photo, progress).await));
    }
    uploads
}

/// Signs in for each file: a long series would outlive its token.
async fn one(info: &StackInfo, photo: &Photo, progress: &dyn Reporter) -> Result<Uploaded, FlowError> {
    let tokens = sign_in(info, &info.user).await?;
    upload(info, &tokens, photo, &TraceHeaders::default(), progress).await
}

fn summary(uploads: &[Upload], name: &str, style: Style) -> String {
    let mut lines: Vec<String> = uploads.iter().map(|upload| upload.line(style)).collect();
    if let Some(image_id) = uploads.iter().find_map(|upload| upload.image_id.as_deref()) {
        let name = if name == "default" { String::new() } else { format!(" --name {name}") };
        lines.push(format!("\nSee what happened: cargo run -- trace{name} {image_id}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use local_stack::flow::Item;

    use super::*;

    const STYLE: Style = Style { width: 80, unicode: true, color: false };

    fn uploaded(status: &str, reason: Option<&str>) -> Upload {
        let item = Item { status: status.to_owned(), reason: reason.map(str::to_owned), processed_key: None };
        Upload::of("cat.jpg", Ok(Uploaded { image_id: "0193".to_owned(), file_path: "k".to_owned(), item }))
    }

    #[test]
    fn a_refused_image_tells_its_reason_and_is_not_done() {
        let failed = uploaded("FAILED", Some("Corrupt"));
        assert!(!failed.is_done());
        assert_eq!(failed.line(STYLE), "FAILED  cat.jpg  Corrupt  0193");
        assert_eq!(uploaded("DONE", None).line(STYLE), "DONE  cat.jpg  0193");
    }

    #[test]
    fn an_upload_that_broke_off_tells_why() {
        let broken = Upload::of("cat.jpg", Err(FlowError::TooSlow { what: "the record of the image" }));
        assert!(
            broken.line(STYLE).starts_with("NOT UPLOADED  cat.jpg  the record of the image did not come")
        );
        assert!(!broken.is_done());
    }

    #[test]
    fn the_summary_names_the_next_command() {
        let summary = summary(&[uploaded("DONE", None)], "ci", STYLE);
        assert!(summary.ends_with("cargo run -- trace --name ci 0193"), "{summary}");
    }
}
