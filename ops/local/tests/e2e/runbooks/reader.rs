//! Reader of a runbook: runs its commands block by block, and checks that each prints what the runbook promises.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::book::{Block, Mark, blocks};
use super::session::{Output, Session};
use super::troubles::calm;
use crate::harness::{Harness, root};

/// A runbook that is being followed.
pub(super) struct Reader {
    pub(super) harness: &'static Harness,
    pub(super) session: Session,
    page: String,
    ahead: VecDeque<Block>,
    /// How many blocks did what they promise, and how many could not here.
    done: usize,
    excused: usize,
    _alone: MutexGuard<'static, ()>,
}

impl Reader {
    /// Opens a runbook and a shell.
    pub(super) async fn of(name: &str) -> Self {
        let (harness, alone) = Harness::for_runbooks().await;
        calm(harness).await;
        let page = format!("{name}.md");
        let ahead = read(&page).unwrap_or_else(|why| panic!("{why}"));
        Self::open(harness, alone, page, ahead).await
    }

    /// Opens another page of the repository and a shell.
    pub(super) async fn of_page(path: &str) -> Self {
        let (harness, alone) = Harness::for_runbooks().await;
        let page = path.to_owned();
        let text = std::fs::read_to_string(root().join(&page)).unwrap();
        let ahead = blocks(&text).unwrap_or_else(|why| panic!("{page}:{why}"));
        Self::open(harness, alone, page, ahead).await
    }

    async fn open(
        harness: &'static Harness,
        alone: MutexGuard<'static, ()>,
        page: String,
        ahead: Vec<Block>,
    ) -> Self {
        let session = Session::open(harness).await;
        Self { harness, session, page, ahead: ahead.into(), done: 0, excused: 0, _alone: alone }
    }

    /// Follows it up to a section.
    pub(super) async fn until(&mut self, section: &str) {
        while self.ahead.front().is_some_and(|block| block.section != section) {
            self.next().await;
        }
        assert!(!self.ahead.is_empty(), "{} has no command in {section}", self.page);
    }

    /// Follows it up to the block with these words.
    pub(super) async fn up_to(&mut self, words: &str) {
        while self.ahead.front().is_some_and(|block| !block.script.contains(words)) {
            self.next().await;
        }
        assert!(!self.ahead.is_empty(), "{} has no further command with {words}", self.page);
    }

    /// Follows it to its end, and prints how many blocks were run.
    #[expect(clippy::print_stdout, reason = "what the run of CI shows of it")]
    pub(super) async fn rest(&mut self) {
        while !self.ahead.is_empty() {
            self.next().await;
        }
        let Self { page, done, excused, .. } = self;
        println!("{page}: {done} blocks did what they promise, {excused} excused");
    }

    /// Gives a variable the value that a reader has found out by now.
    pub(super) async fn set(&mut self, name: &str, value: &str) {
        self.session.set(name, value).await;
    }

    /// Has the reader come back after `minutes`.
    pub(super) fn wait_minutes(&self, minutes: u64) {
        self.session.wait(Duration::from_mins(minutes));
    }

    async fn next(&mut self) {
        let Some(Block { line, script, mark, .. }) = self.ahead.pop_front() else { return };
        let page = self.page.clone();
        let failure = |what: &str, output: &Output| {
            let Output { stdout, stderr, .. } = output;
            format!("{page}:{line}: {what}\n{script}--- it printed\n{stdout}--- and complained\n{stderr}")
        };
        if let Mark::NotHere(reason) = &mark {
            let output = self.session.attempt(&page, line, &script).await;
            let works = failure(&format!("works here, though `{reason}`"), &output);
            assert!(output.status.parse().is_ok_and(|status: u8| status != 0), "{}{works}", output.status);
            self.excused += 1;
            return;
        }
        let output = self.session.run(&page, line, &script).await;
        assert_eq!(output.status, "0", "{}", failure("fails", &output));
        if let Some(complaint) = mark.complaint(&output.stdout) {
            panic!("{}", failure(&format!("the output {complaint}"), &output));
        }
        self.done += 1;
    }
}

/// The blocks of a runbook; the error names file and line.
pub(super) fn read(page: &str) -> Result<Vec<Block>, String> {
    let text = std::fs::read_to_string(root().join("runbooks").join(page)).unwrap();
    blocks(&text).map_err(|why| format!("runbooks/{page}:{why}"))
}
