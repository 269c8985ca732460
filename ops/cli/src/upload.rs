//! `ops upload`: uploads files as a user does, and waits until each is DONE or FAILED.

mod journal;
mod outcome;

use std::cell::Cell;
use std::path::{Path, PathBuf};

use aws_client::chain;
use futures_util::{StreamExt, stream};
use pipeline_client::guest::StackUser;
use pipeline_client::stack::Pipeline;
use pipeline_client::upload::{Photo, UploadUrl, Uploader};
use pipeline_client::user::User;
use terminal::progress::{Reporter, Step};
use terminal::{Terminals, print_err, reporter};

use crate::cli::UploadArgs;
use crate::failure::{Failure, concluded};
use crate::local::{LocalFailure, console};
use crate::photos;
use crate::print::{print_json, print_text};
use crate::signals::Signals;
use crate::target::{Lookup, Target};
pub(crate) use journal::JournalError;
use journal::{Entry, FileVersion, Journal};
use outcome::{Document, Upload, summary};

/// The variable that holds the password of `--user`; an argument would be seen by everybody on the machine.
const PASSWORD: &str = "OPS_PASSWORD";

/// Uploads the files, `--concurrency` at once.
///
/// # Errors
/// No such stack or one that goes away, a file that cannot be read, or one that did not end `DONE`.
pub(crate) async fn run(
    args: UploadArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let target = Target::find(&args.stack, root, lookup).await?;
    let files = photos::named(&args.files)?;
    let pipeline = pipeline(&target, args.user, lookup)?;
    let journal = Journal::open(&journal_path(&target, root, &args.stack.name), args.resume)?;
    let progress = reporter(terminals.err);
    let ended = Cell::new(0);
    let batch = Batch { pipeline: &*pipeline, journal: &journal, ended: &ended };
    let uploads = tokio::select! {
        uploads = signals.guard(batch.all(&files, args.concurrency.get(), &*progress)) => uploads,
        () = gone(&target, root, &args.stack.name) => Err(LocalFailure::StackGone { ended: ended.get(), files: files.len() }.into()),
    };
    drop(progress);
    if let Err(Failure::Signal(signal)) = &uploads {
        let (ended, files) = (ended.get(), files.len());
        print_err(&format!(
            "{signal}: {ended} of {files} files have ended; --resume goes on with the others"
        ));
    }
    let document = Document::of(uploads?);
    let printed = if args.stack.json {
        print_json(&document)
    } else {
        print_text(&summary(&document.uploads, &target.option(), terminals.out.style), terminals.out)
    };
    concluded(printed, if document.ok { Ok(()) } else { Err(Failure::Pipeline) })
}

/// Where the uploads go, and as whom.
fn pipeline(target: &Target, user: Option<String>, lookup: Lookup<'_>) -> Result<Box<dyn Pipeline>, Failure> {
    match target {
        Target::Local(info) => Ok(Box::new((**info).clone())),
        Target::Deployed(stack) => {
            let password = lookup(PASSWORD).filter(|password| !password.is_empty());
            let (Some(email), Some(password)) = (user, password) else { return Err(Failure::NoUser) };
            // The tokens say which folder is the user's.
            let user = User { email, password, sub: String::new() };
            Ok(Box::new(StackUser { stack: (**stack).clone(), user }))
        }
    }
}

/// Where the journal lies: it goes with a local stack, and stays beside the one who uploads to AWS.
fn journal_path(target: &Target, root: &Path, name: &str) -> PathBuf {
    match target {
        Target::Local(_) => console::directory(root, name).join("uploads.jsonl"),
        Target::Deployed(stack) => PathBuf::from(format!("ops-uploads-{}.jsonl", stack.name)),
    }
}

/// Waits until a local stack is gone; one on AWS goes by itself only.
async fn gone(target: &Target, root: &Path, name: &str) {
    match target {
        Target::Local(_) => console::gone(root, name).await,
        Target::Deployed(_) => std::future::pending().await,
    }
}

/// What all uploads of one command share.
struct Batch<'a> {
    pipeline: &'a dyn Pipeline,
    journal: &'a Journal,
    /// How many files have come to an end.
    ended: &'a Cell<usize>,
}

impl Batch<'_> {
    async fn all(&self, files: &[PathBuf], concurrency: usize, progress: &dyn Reporter) -> Vec<Upload> {
        let uploader = match Uploader::of(self.pipeline) {
            Ok(uploader) => uploader,
            Err(error) => {
                let why = chain(&error);
                return files.iter().map(|file| Upload::broken(&file.to_string_lossy(), &why)).collect();
            }
        };
        let total = files.len() as u64;
        let step = Step::start(progress, "upload-files", format!("Uploading {}", count(files.len())));
        let mut bad = 0;
        let progress_of = |upload: &Upload| {
            self.ended.set(self.ended.get() + 1);
            bad += u64::from(!upload.is_done());
            let detail = if bad == 0 { String::new() } else { format!("{bad} not DONE") };
            step.moved(detail, Some(self.ended.get() as u64), Some(total));
        };
        let work = stream::iter(files).map(|file| self.one(&uploader, file)).buffered(concurrency);
        let uploads = uploader.following(work.inspect(progress_of).collect::<Vec<_>>()).await;
        step.finish(format!("Uploaded {}", count(files.len())));
        uploads
    }

    /// Reads a file when its turn comes, and uploads it, or resumes its upload.
    async fn one(&self, uploader: &Uploader<'_>, path: &Path) -> Upload {
        let file = path.to_string_lossy();
        let read = FileVersion::of(path)
            .map_err(|source| Failure::Read { path: path.to_owned(), source })
            .and_then(|version| Ok((version, photos::read_one(path)?)));
        let (version, photo) = match read {
            Ok(read) => read,
            // Without the file's name, so that files with the same error are one group.
            Err(Failure::Read { source, .. }) => {
                return Upload::broken(&file, &format!("cannot be read: {source}"));
            }
            Err(error) => return Upload::broken(&file, &chain(&error)),
        };
        if let Some(Entry::Ended(upload)) = self.journal.entry(&version) {
            return upload.clone();
        }
        let upload = self.resumed_or_new(uploader, &version, photo, &file).await;
        if upload.has_ended() {
            self.journal.try_note(&version, &Entry::Ended(upload.clone()));
        }
        upload
    }

    async fn resumed_or_new(
        &self,
        uploader: &Uploader<'_>,
        version: &FileVersion,
        photo: Photo,
        file: &str,
    ) -> Upload {
        if let Some(Entry::Begun { image_id, key }) = self.journal.entry(version) {
            let resumed = uploader.resume(image_id, key).await;
            if let Some(resumed) = resumed.transpose() {
                return Upload::of(file, resumed);
            }
        }
        let begun = |upload_url: &UploadUrl| {
            let UploadUrl { image_id, file_path, .. } = upload_url;
            self.journal.note(version, &Entry::Begun { image_id: image_id.clone(), key: file_path.clone() })
        };
        Upload::of(file, uploader.upload(photo, begun).await)
    }
}

fn count(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}
