//! Shell: a block of a runbook's commands, run on this stack as its reader would paste it.
//!
//! What is run is chosen by file and number, so no request holds a command. The shell has the stack's key and no other, and
//! the AWS CLI that the tests of the runbooks have.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_client::chain;
use local_stack::console::Source;
use local_stack::engine::{AWS_CLI_PACKAGES, Provision};
use local_stack::process_group::Group;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::ui::markdown::Block;

/// Longest time of a block; building `ops` anew takes the most of it.
const PATIENCE: Duration = Duration::from_mins(3);
/// As much of the output is kept.
const MOST_BYTES: usize = 64 << 10;

/// As the tests run the blocks: the first failure ends them. Version 1 of the CLI heeds the variable not everywhere.
const BEGIN: &str = r#"set -Eeuo pipefail
exec 2>&1
aws() { "$AWS_CLI" --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
"#;

/// One block at a time.
#[derive(Clone, Debug)]
pub(crate) struct Shell(Arc<Semaphore>);

impl Default for Shell {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

/// What a block did.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Output and errors, in their order; as much as is kept.
    pub(crate) output: String,
    pub(crate) is_cut: bool,
    pub(crate) end: End,
    pub(crate) took: Duration,
}

/// How a block ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With this exit status; none after a signal.
    Exited(Option<i32>),
    /// It took too long and was killed.
    TooLong,
}

/// Why a block was not run.
#[derive(Debug)]
pub(crate) enum NotRun {
    /// Another one runs.
    Busy,
    /// The shell or the AWS CLI is not to be had, and why.
    NoShell(String),
}

/// What one press of a block's button does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// Runs these commands.
    Run(&'a str),
    /// Runs these, which change nothing, and asks whether to run the block.
    DryRun(&'a str),
    /// Asks whether to run the block.
    Ask,
}

/// The word by which `ops` does what its dry run shows.
const EXECUTE: &str = "--execute";

/// The step of a block; who is sure has seen its dry run, or what it loses.
pub(crate) fn step(block: &Block, is_sure: bool) -> Step<'_> {
    let script = block.script.as_str();
    let executes = script.find(EXECUTE);
    if is_sure || (executes.is_none() && block.loses.is_none()) {
        return Step::Run(script);
    }
    let line = executes.and_then(|at| script.get(..at)).and_then(|before| before.rfind('\n'));
    line.and_then(|end| script.get(..end)).map_or(Step::Ask, Step::DryRun)
}

/// Why a block cannot be run from the page, in one sentence; `None` when it can.
pub(crate) fn obstacle(blocks: &[Block], number: usize, stack: &str) -> Option<String> {
    let block = blocks.get(number)?;
    if let Some(reason) = block.comment.strip_prefix("not here: ") {
        return Some(format!("Cannot run on the local stack: {reason}."));
    }
    if !block.comment.starts_with("prints") {
        return Some("No test proves that it runs on the local stack.".to_owned());
    }
    let first = blocks.first().map_or("", |first| first.script.as_str());
    let given = ["AWS_ENDPOINT_URL"].into_iter().chain(assigned(first)).chain(assigned(&block.script));
    let given: BTreeSet<&str> = given.collect();
    if let Some(open) = used(&block.script).find(|name| !given.contains(name)) {
        return Some(format!("Copy it into a terminal: you fill in {open}."));
    }
    // `ops` finds the stack by its name, of which this block gives none.
    if block.script.contains("cargo run") && number > 0 && stack != "default" {
        return Some(format!("Copy it into a terminal, and add --name {stack}."));
    }
    None
}

/// Variables that a script sets.
fn assigned(script: &str) -> impl Iterator<Item = &str> {
    let words = script.split(|c: char| c.is_whitespace() || c == ';');
    words.filter_map(|word| Some(word.split_once('=')?.0)).filter(|name| is_name(name))
}

/// Variables of the shell that a script reads; a function's own arguments are none.
fn used(script: &str) -> impl Iterator<Item = &str> {
    script.split('$').skip(1).filter_map(|after| {
        let after = after.strip_prefix('{').unwrap_or(after);
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
        after.get(..end).filter(|name| is_name(name))
    })
}

/// Whether a word is a variable that a reader would fill in: those are in capitals.
fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

impl Shell {
    /// Runs commands of a block after the page's first one, which sets what all others need; dropping the future kills all that
    /// they started.
    pub(crate) async fn run(
        &self,
        source: &Source,
        blocks: &[Block],
        number: usize,
        script: &str,
    ) -> Result<Ran, NotRun> {
        let Ok(_turn) = self.0.try_acquire() else { return Err(NotRun::Busy) };
        let first = blocks.first().filter(|_| number > 0);
        let before =
            first.map_or_else(String::new, |first| format!("{{\n{}\n}} > /dev/null\n", first.script));
        let mut command = self::command(source).await.map_err(NotRun::NoShell)?;
        command.args(["-c", &format!("{BEGIN}{before}{script}")]);
        output(&mut command, PATIENCE).await.map_err(|error| NotRun::NoShell(chain(&error)))
    }
}

/// A shell that can reach this stack only.
async fn command(source: &Source) -> Result<Command, String> {
    let directory = source.root.join(".local-stack");
    let cli = Provision { directory, python: "python3".into(), packages: AWS_CLI_PACKAGES };
    let python = cli.ensure(&()).await.map_err(|error| chain(&error))?.python;
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc"]).current_dir(&source.root);
    // Whatever the console's own environment says about AWS is about another account.
    let of_aws = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("AWS_");
    for name in std::env::vars_os().map(|(name, _)| name).filter(of_aws) {
        command.env_remove(name);
    }
    for (name, value) in source.info.environment() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.env("AWS_CLI", python.with_file_name("aws"));
    Ok(command)
}

/// What a command prints until it ends; it and all that it started are killed after `patience`.
async fn output(command: &mut Command, patience: Duration) -> std::io::Result<Ran> {
    let began = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let (mut child, _group) = Group::spawn(command)?;
    let mut stdout = child.stdout.take();
    let (mut printed, mut is_cut) = (Vec::new(), false);
    let ending = async {
        let mut part = [0; 4096];
        while let Some(stdout) = &mut stdout {
            let count = stdout.read(&mut part).await?;
            let Some(read @ [_, ..]) = part.get(..count) else { break };
            let room = MOST_BYTES.saturating_sub(printed.len());
            is_cut |= read.len() > room;
            printed.extend_from_slice(read.get(..room).unwrap_or(read));
        }
        child.wait().await
    };
    let end = match timeout(patience, ending).await {
        Ok(status) => End::Exited(status?.code()),
        Err(_) => End::TooLong,
    };
    let output = String::from_utf8_lossy(&printed).into_owned();
    Ok(Ran { output, is_cut, end, took: began.elapsed() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::markdown::blocks;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", &format!("{BEGIN}{script}")]);
        command
    }

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    /// Each runbook's name and text.
    fn runbooks() -> impl Iterator<Item = (String, String)> {
        std::fs::read_dir(format!("{ROOT}/runbooks")).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
    }

    /// Why a block of a runbook with these has no button.
    fn obstacles(page: &str, stack: &str) -> Vec<Option<String>> {
        let blocks = blocks(page);
        (0..blocks.len()).map(|number| obstacle(&blocks, number, stack)).collect()
    }

    #[tokio::test]
    async fn output_and_errors_come_in_their_order_with_the_status_of_the_first_failure() {
        let ran = output(&mut sh("echo one; echo two >&2; false; echo three"), PATIENCE).await.unwrap();
        assert_eq!((ran.output.as_str(), ran.end, ran.is_cut), ("one\ntwo\n", End::Exited(Some(1)), false));
    }

    #[tokio::test]
    async fn what_does_not_end_is_killed_with_all_that_it_started_and_its_output_is_kept() {
        let ran =
            output(&mut sh("echo begun; sleep 600 | sleep 600"), Duration::from_millis(300)).await.unwrap();
        assert_eq!((ran.output.as_str(), ran.end), ("begun\n", End::TooLong));
    }

    #[tokio::test]
    async fn endless_output_is_cut_and_the_command_still_ends() {
        let ran = output(&mut sh("head -c 1000000 /dev/zero"), PATIENCE).await.unwrap();
        assert_eq!((ran.output.len(), ran.is_cut, ran.end), (MOST_BYTES, true, End::Exited(Some(0))));
    }

    #[test]
    fn a_block_with_something_to_fill_in_or_without_a_test_has_no_button_and_says_why() {
        let page = "<!-- prints: .x -->\n```bash\nSTACK=a QUEUE=$(b); f() { echo \"$1\"; }\n```\n\n\
                    <!-- prints nothing -->\n```bash\necho \"$QUEUE ${STACK:-}\"; N=1; echo $N $?\n```\n\n\
                    <!-- prints: .x -->\n```bash\necho \"${IMAGE_ID}\"\n```\n\n\
                    <!-- not here: no sam -->\n```bash\nsam build\n```\n\n\
                    ```bash\nls\n```\n\n<!-- prints: x -->\n```bash\ncargo run -- upload x\n```\n";
        let found = obstacles(page, "other");
        assert_eq!((&found[0], &found[1]), (&None, &None));
        let said = ["fill in IMAGE_ID", "no sam", "No test", "--name other"];
        for (obstacle, said) in found[2..].iter().zip(said) {
            assert!(obstacle.as_ref().unwrap().contains(said), "{obstacle:?}");
        }
        assert_eq!(obstacles(page, "default")[5], None);
    }

    #[test]
    fn commands_that_lose_something_or_have_a_dry_run_are_asked_about_first() {
        let block = |script: &str, loses: Option<&str>| Block {
            script: script.into(),
            comment: String::new(),
            loses: loses.map(str::to_owned),
        };
        let harmless = block("ls", None);
        assert_eq!(step(&harmless, false), Step::Run("ls"));
        let both = block("dlq drop\ndlq drop --execute\nls", Some("all"));
        assert_eq!(step(&both, false), Step::DryRun("dlq drop"));
        assert_eq!(step(&both, true), Step::Run("dlq drop\ndlq drop --execute\nls"));
        for (script, loses) in [("rm it", Some("it")), ("dlq redrive --execute", None)] {
            assert_eq!(step(&block(script, loses), false), Step::Ask, "{script}");
        }
    }

    #[test]
    fn no_command_of_a_runbook_takes_messages_from_a_queue_before_its_reader_has_read_what_is_lost() {
        let takes = |script: &str| {
            let drops = script.contains("dlq drop") && script.contains(EXECUTE);
            drops || ["delete-message", "purge-queue"].iter().any(|call| script.contains(call))
        };
        let mut known = BTreeSet::new();
        for (name, text) in runbooks() {
            let all = blocks(&text);
            for (number, block) in all.iter().enumerate().filter(|(_, block)| takes(&block.script)) {
                assert_eq!(obstacle(&all, number, "default"), None, "{name} {number}");
                assert!(block.loses.is_some(), "{name} {number}");
                let first = step(block, false);
                assert!(!matches!(first, Step::Run(_)), "{name} {number}");
                assert!(!matches!(first, Step::DryRun(script) if takes(script)), "{name} {number}");
                known.insert(format!("{name} {number}"));
            }
        }
        assert!(known.iter().map(String::as_str).eq(["dlq-not-empty 11", "dlq-not-empty 12"]), "{known:?}");
    }

    #[test]
    fn every_photo_that_a_command_with_a_button_uploads_is_in_the_repository() {
        let mut uploaded = 0;
        for (name, text) in runbooks() {
            let all = blocks(&text);
            let can = |number: &usize| obstacle(&all, *number, "default").is_none();
            for block in (0..all.len()).filter(can).map(|number| &all[number]) {
                let photos = block.script.split(" upload ").skip(1).filter_map(|rest| rest.split(' ').next());
                let is_made = |photo: &&str| block.script.contains(&format!("> {photo}"));
                for photo in photos.filter(|photo| !is_made(photo)) {
                    assert!(std::path::Path::new(ROOT).join(photo).is_file(), "{name}: {photo}");
                    uploaded += 1;
                }
            }
        }
        assert!(uploaded > 0);
    }

    #[test]
    fn most_commands_of_the_runbooks_can_be_run_and_those_that_cannot_are_known() {
        let (mut can, mut cannot) = (0, BTreeSet::new());
        for (name, text) in runbooks() {
            let obstacles = obstacles(&text, "default");
            can += obstacles.iter().filter(|obstacle| obstacle.is_none()).count();
            let closed = obstacles.into_iter().enumerate().filter(|(_, obstacle)| obstacle.is_some());
            cannot.extend(closed.map(|(number, _)| format!("{name} {number}")));
        }
        let expected = [
            "deploy-rollback 10",
            "deploy-rollback 5",
            "deploy-rollback 8",
            "dlq-not-empty 13",
            "dlq-not-empty 6",
            "processor-slow 2",
            "traces-missing 1",
            "traces-missing 2",
        ];
        assert!(cannot.iter().map(String::as_str).eq(expected), "{cannot:?}");
        assert!(can > 130, "{can}");
    }
}
