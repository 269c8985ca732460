//! `ops up`: a stack from nothing, photos through it, and an orderly end.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::path::Path;
use std::process::ExitStatus;

use local_stack::deploy::Reconciled;
use local_stack::flow::{self, Verified};
use local_stack::stack::{Options, Stack, StackInfo};
use serde::Serialize;
use terminal::progress::Reporter;
use terminal::{Style, Terminals, paint, print_err, reporter};

use crate::cli::UpArgs;
use crate::failure::{Failure, concluded};
use crate::local::LocalFailure;
use crate::local::console::verify_all;
use crate::print::{print_json, print_text};
use crate::report::Photo;
use crate::signals::Signals;
use crate::{photos, verify};

/// What `up --once --json` prints.
#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    photos: Vec<Photo<'a>>,
    stack: Addresses<'a>,
}

/// Where the stack was and how it differs from AWS; its credentials ended with it.
#[derive(Serialize)]
struct Addresses<'a> {
    endpoint: &'a str,
    console: &'a str,
    outputs: &'a BTreeMap<String, String>,
    #[serde(flatten)]
    reconciled: &'a Reconciled,
}

impl<'a> Addresses<'a> {
    fn of(info: &'a StackInfo) -> Self {
        let StackInfo { endpoint, console, outputs, reconciled, .. } = info;
        Self { endpoint, console, outputs, reconciled }
    }
}

/// Brings the stack up and takes it down again, whatever happens between.
///
/// # Errors
/// When it did not come up, a step failed with `--once`, or a signal ended it.
pub(crate) async fn run(args: UpArgs, root: &Path, terminals: Terminals) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    // Before anything is started, so that a mistyped name costs no time.
    let named = photos::read(&args.photos)?;
    let progress = reporter(terminals.err);
    let options = Options {
        name: args.name.clone(),
        engine_port: args.engine_port,
        console_port: args.console_port,
        clock_rate: args.clock_rate,
        parameters: args.params.iter().cloned().collect(),
        root: root.to_owned(),
        cargo: env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        pages: pipeline_console::pages,
        ..Options::default()
    };
    let up = signals.guard(Stack::up(options, &*progress)).await?;
    let mut stack = up.map_err(|error| LocalFailure::Up(Box::new(error)))?;

    let lived = live(&args, root, named, &mut stack, &mut signals, &*progress, terminals).await;
    drop(progress);
    if let Err(Failure::Signal(signal)) = &lived {
        print_err(&format!("\n{signal}: taking the stack down"));
    }
    // Another signal no longer waits: dropping the stack kills what is left of it.
    match signals.guard(stack.down()).await {
        Ok(Ok(())) => lived,
        Ok(Err(source)) => lived.and(Err(LocalFailure::Down(source).into())),
        Err(signal) => Err(signal),
    }
}

/// Runs the command's work while the stack is up.
async fn live(
    args: &UpArgs,
    root: &Path,
    mut photos: Vec<flow::Photo>,
    stack: &mut Stack,
    signals: &mut Signals,
    progress: &dyn Reporter,
    terminals: Terminals,
) -> Result<(), Failure> {
    if args.json && !args.once {
        print_json(&stack.info)?;
    }
    // People get the bundled photos as a demo; a program that keeps the stack (--json without --once) gets it empty.
    if photos.is_empty() && (args.once || !args.json) {
        photos = photos::read(&photos::bundled(root))?;
    }
    let info = stack.info.clone();
    let verified = tokio::select! {
        verified = signals.guard(verify_all(&info, &photos, progress)) => verified?,
        status = stack.ended() => return Err(engine_ended(status, stack)),
    };
    let ok = verified.iter().all(Verified::is_ok);
    let mut printed = Ok(());
    if args.once && args.json {
        let photos = verified.iter().map(Photo::of).collect();
        printed = print_json(&Document { ok, photos, stack: Addresses::of(&stack.info) });
    }
    let printed = printed.and_then(|()| show(args, &verified, &stack.info, terminals));
    if args.once {
        return concluded(printed, if ok { Ok(()) } else { Err(Failure::Pipeline) });
    }
    printed?;
    let status = signals.guard(stack.ended()).await?;
    Err(engine_ended(status, stack))
}

fn engine_ended(status: io::Result<ExitStatus>, stack: &Stack) -> Failure {
    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    let (log, tail) = stack.engine_log();
    LocalFailure::EngineEnded { status, log: log.to_owned(), tail }.into()
}

/// Prints results for people: on stdout, or on stderr where stdout holds JSON.
fn show(args: &UpArgs, verified: &[Verified], info: &StackInfo, terminals: Terminals) -> Result<(), Failure> {
    let terminal = if args.json { terminals.err } else { terminals.out };
    let mut blocks = Vec::new();
    if !verified.is_empty() {
        blocks.push(verify::blocks(verified, terminal.style));
    }
    if !args.once && !args.json {
        blocks.push(addresses(args, verified, info, terminal.style));
    }
    let text = blocks.join("\n\n");
    if args.json {
        print_err(&terminal.fold(&text));
        return Ok(());
    }
    print_text(&format!("\n{text}"), terminal)
}

fn addresses(args: &UpArgs, verified: &[Verified], info: &StackInfo, style: Style) -> String {
    let strong = |text: &str| paint("1", text, style);
    let name = if args.name == "default" { String::new() } else { format!(" --name {}", args.name) };
    let image = verified.iter().find_map(|photo| photo.image_id.as_deref()).unwrap_or("IMAGE_ID");
    let mut lines = vec![
        format!("{}   {}", strong("Console"), info.console),
        format!("{}  {}", strong("AWS APIs"), info.endpoint),
    ];
    if let Some(api) = info.outputs.get("ApiUrl") {
        lines.push(format!("{}   {api}", strong("Uploads")));
    }
    lines.extend([
        String::new(),
        strong("In another terminal"),
        format!("  cargo run -- open{name}   # the console in your browser"),
        format!("  cargo run -- upload{name} FILE"),
        format!("  cargo run -- verify{name}"),
        format!("  cargo run -- trace{name} {image}"),
        format!("  eval \"$(cargo run --quiet -- env{name})\"   # then: aws s3 ls"),
        String::new(),
        "Ctrl-C takes the stack down.".to_owned(),
    ]);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn document_names_the_stacks_addresses_and_how_the_engine_differs_from_aws() {
        let applied = json!({"resource": "B", "type": "T", "property": "P", "call": "S3 PutP"});
        let gap = json!({"resource": "S", "type": "T", "property": "P", "engine": "e", "means": "m"});
        let info: StackInfo = serde_json::from_value(json!({
            "name": "default", "endpoint": "http://e", "console": "http://c", "region": "r", "outputs": {"A": "a"},
            "log_groups": [], "outbox_queue_url": "q", "pid": 1,
            "credentials": {"access_key_id": "k", "secret_access_key": "secret"},
            "user": {"email": "e", "password": "secret", "sub": "s"},
            "reconciled": [applied], "known_gaps": [gap],
        }))
        .unwrap();

        let document = Document { ok: true, photos: Vec::new(), stack: Addresses::of(&info) };

        let expected = json!({
            "endpoint": "http://e", "console": "http://c", "outputs": {"A": "a"},
            "reconciled": [applied], "known_gaps": [gap],
        });
        assert_eq!(serde_json::to_value(document).unwrap()["stack"], expected);
        let line: Value = serde_json::to_value(&info).unwrap();
        assert_eq!((&line["reconciled"], &line["known_gaps"]), (&json!([applied]), &json!([gap])));
    }
}
