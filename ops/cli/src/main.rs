//! The operator's command line: runs, verifies and monitors the pipeline on this machine.

mod alarms;
mod audit;
mod cli;
mod cloudwatch;
mod completions;
mod dashboard;
mod dlq;
mod doctor;
mod erase;
mod failure;
mod local;
mod photos;
mod plan;
mod print;
mod report;
mod reprocess;
mod root;
mod signals;
mod similar_names;
mod target;
mod thumbnail;
mod trace;
mod upload;
mod verify;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::alarms::AlarmsCommand;
use cli::dashboard::DashboardCommand;
use cli::{Cli, Command};
use failure::Failure;
use local::{clock, drill, env, load, open, up};
use terminal::{Terminal, Terminals, print_err};

fn main() -> ExitCode {
    let lookup = |name: &str| std::env::var_os(name);
    let terminals =
        Terminals { out: Terminal::of(&io::stdout(), lookup), err: Terminal::of(&io::stderr(), lookup) };
    let cli = Cli::read(terminals.out);
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let root = root::find(cli.root.as_deref(), &here);
    match run(cli.command.unwrap_or_default(), &root, terminals) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.text().iter().for_each(|text| print_err(&terminals.err.fold(text)));
            failure.code()
        }
    }
}

fn run(command: Command, root: &Path, terminals: Terminals) -> Result<(), Failure> {
    // Measured: a runtime's threads would count.
    if let Command::Thumbnail(args) = &command {
        return thumbnail::run(args);
    }
    if let Command::Completions(args) = &command {
        return completions::run(args);
    }
    if let Command::Alarms(AlarmsCommand::Test(args)) = &command {
        return alarms::test::run(args, root, terminals.out);
    }
    if let Command::Plan(args) = &command {
        return plan::run(args, root, terminals.out);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let lookup = |name: &str| std::env::var_os(name)?.into_string().ok();
    runtime.block_on(async {
        match command {
            Command::Up(args) => up::run(args, root, terminals).await,
            Command::Verify(args) => verify::run(args, root, terminals, &lookup).await,
            Command::Upload(args) => upload::run(args, root, terminals, &lookup).await,
            Command::Load(args) => load::run(args, root, terminals, &lookup).await,
            Command::Trace(args) => trace::run(&args, root, terminals.out, &lookup).await,
            Command::Doctor(args) => doctor::run(args, root, terminals, &lookup).await,
            Command::Open(args) => open::run(&args, root),
            Command::Clock(args) => clock::run(&args, root).await,
            Command::Env(args) => env::run(&args, root).await,
            Command::Thumbnail(args) => thumbnail::run(&args),
            Command::Plan(args) => plan::run(&args, root, terminals.out),
            Command::Completions(args) => completions::run(&args),
            Command::Audit(args) => audit::run(args, root, terminals, &lookup).await,
            Command::Reprocess(args) => reprocess::run(args, root, terminals, &lookup).await,
            Command::Erase(args) => erase::run(args, root, terminals, &lookup).await,
            Command::Dlq(command) => dlq::run(command, root, terminals, &lookup).await,
            Command::Alarms(AlarmsCommand::Test(args)) => alarms::test::run(&args, root, terminals.out),
            Command::Alarms(AlarmsCommand::List(args)) => {
                alarms::list(&args, root, terminals.out, &lookup).await
            }
            Command::Alarms(AlarmsCommand::Explain(args)) => {
                alarms::explain(&args, root, terminals.out, &lookup).await
            }
            Command::Alarms(AlarmsCommand::Watch(args)) => alarms::watch(&args, root, terminals.out).await,
            Command::Drill(args) => Box::pin(drill::run(&args, root, terminals)).await,
            Command::Dashboard(DashboardCommand::List(args)) => {
                dashboard::list(&args, root, terminals.out, &lookup).await
            }
            Command::Dashboard(DashboardCommand::Render(args)) => {
                dashboard::render(&args, root, terminals.out, &lookup).await
            }
        }
    })
}
