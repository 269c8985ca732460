//! `ops drill`: faults on purpose on the running stack.

use std::env;
use std::fs;
use std::path::Path;

use drill::file::Drill;
use drill::neighbour::Ops;
use drill::report::{Report, Skipped};
use drill::runner::clock_rate;
use drill::series::run_all;
use local_stack::stack::StackInfo;
use serde_json::json;
use terminal::{Terminal, Terminals, print_err, reporter};

use crate::cli::drill::DrillArgs;
use crate::failure::{Failure, concluded};
use crate::local::LocalFailure;
use crate::local::console::find;
use crate::print::{print_json, print_text};
use crate::signals::Signals;
use crate::similar_names::UnknownName;

/// What is not begun without `--slow`, in minutes of the day.
const LONG_MINUTES: u32 = 60;

/// Runs drills, or lists them.
///
/// # Errors
/// No such drill, no running stack, or a drill that did not go as its file states.
pub(crate) async fn run(args: &DrillArgs, root: &Path, terminals: Terminals) -> Result<(), Failure> {
    let all = Drill::all(root).map_err(LocalFailure::Drill)?;
    if args.list {
        return list(args, &all, terminals.out);
    }
    let chosen = if args.all { all } else { chosen(&args.names, &all)? };
    let info = find(root, &args.stack.name)?;
    // A page's table has a row of each.
    let may_skip = args.all && args.markdown.is_none();
    let (chosen, skipped) = if may_skip { fitting(chosen, &info) } else { (chosen, Vec::new()) };
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let rate = clock_rate(&info).await.map_err(LocalFailure::Drill)?;
    announce(args.slow, &chosen, rate)?;
    let progress = reporter(terminals.err);
    let report = match signals.guard(run_all(&info, &chosen, &ops(root)?, &*progress)).await {
        Ok(report) => Report { skipped, ..report.map_err(LocalFailure::Drill)? },
        Err(signal) => {
            print_err("interrupted: the stack ends the fault and removes the drill's user by itself");
            return Err(signal);
        }
    };
    if let Some(path) = &args.markdown {
        let page = fs::read_to_string(path).unwrap_or_default();
        fs::write(path, report.into_page(&page))
            .map_err(|source| Failure::Write { path: path.clone(), source })?;
    }
    let printed = if args.stack.json {
        print_json(&report)
    } else {
        print_text(&report.table(terminals.out.style), terminals.out)
    };
    concluded(printed, if report.ok { Ok(()) } else { Err(Failure::Pipeline) })
}

/// This very program, for a drill that starts a second stack.
fn ops(root: &Path) -> Result<Ops, Failure> {
    let program = env::current_exe().map_err(Failure::Runtime)?.into();
    Ok(Ops { program, arguments: Vec::new(), root: root.to_owned() })
}

fn chosen(names: &[String], all: &[Drill]) -> Result<Vec<Drill>, Failure> {
    let known = || all.iter().map(|drill| drill.name.as_str());
    let find = |name: &String| {
        let found = all.iter().find(|drill| drill.name == *name).cloned();
        found.ok_or_else(|| UnknownName::among("drill", name, known(), "`ops drill --list` names them all"))
    };
    Ok(names.iter().map(find).collect::<Result<_, _>>()?)
}

/// The drills that the stack has everything for, and the others.
fn fitting(drills: Vec<Drill>, stack: &StackInfo) -> (Vec<Drill>, Vec<Skipped>) {
    let (mut fitting, mut skipped) = (Vec::new(), Vec::new());
    for drill in drills {
        match drill.check_fits(stack) {
            Ok(()) => fitting.push(drill),
            Err(error) => skipped.push(Skipped { drill: drill.name, reason: error.to_string() }),
        }
    }
    (fitting, skipped)
}

fn list(args: &DrillArgs, all: &[Drill], terminal: Terminal) -> Result<(), Failure> {
    if args.stack.json {
        let drills = all.iter().map(|it| {
            json!({"name": it.name, "purpose": it.purpose, "runbook": it.runbook, "minutes": it.minutes()})
        });
        return print_json(&json!({ "drills": drills.collect::<Vec<_>>() }));
    }
    let widest = all.iter().map(|drill| drill.name.len()).max().unwrap_or_default();
    let line = |it: &Drill| format!("{:widest$}  {:>3} min  {}", it.name, it.minutes(), it.purpose);
    let mut lines: Vec<String> = all.iter().map(line).collect();
    lines.push(format!("{} drills; minutes of the metrics' clock at most", all.len()));
    print_text(&lines.join("\n"), terminal)
}

/// Reports how long it takes, and refuses what takes hours unless that is asked for.
fn announce(slow: bool, drills: &[Drill], rate: u32) -> Result<(), Failure> {
    let minutes: u32 = drills.iter().map(Drill::minutes).sum();
    let real = minutes.div_ceil(rate.max(1));
    print_err(&format!(
        "{} of at most {minutes} min of the metrics' clock, which goes {rate} times as fast as the day on this stack: \
         about {real} min, and the retries of {} uploads, which nothing makes faster",
        if drills.len() == 1 { "1 drill".to_owned() } else { format!("{} drills", drills.len()) },
        drills.iter().map(Drill::uploads).sum::<usize>(),
    ));
    if real > LONG_MINUTES && !slow {
        return Err(LocalFailure::SlowClock { minutes: real }.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::from_value;

    use super::*;

    fn drill(name: &str, minutes: u32) -> Drill {
        let file = json!({
            "purpose": "It shows.", "runbook": "game-day", "traffic": [], "watch_minutes": minutes, "end": {},
        });
        Drill { name: name.to_owned(), ..from_value(file).unwrap() }
    }

    #[test]
    fn hours_of_the_days_clock_are_refused_unless_they_are_asked_for() {
        let drills = [drill("long", 50), drill("longer", 70)];
        assert!(matches!(
            announce(false, &drills, 1),
            Err(Failure::Local(LocalFailure::SlowClock { minutes: 130 }))
        ));
        for (slow, rate) in [(true, 1), (false, 60)] {
            announce(slow, &drills, rate).unwrap();
        }
    }

    #[test]
    fn drill_that_the_stack_lacks_something_for_is_skipped_with_what_it_lacks() {
        let asks = from_value(json!({
            "purpose": "It asks.", "runbook": "api-5xx", "traffic": [{"statuses": {"count": 1}}], "watch_minutes": 1, "end": {},
        }));
        let drills = vec![drill("other", 1), Drill { name: "asks".to_owned(), ..asks.unwrap() }];
        let with = from_value(json!({
            "name": "one", "endpoint": "", "console": "", "region": "", "outputs": {"GetImageStatusEndpoint": "http://one"},
            "log_groups": [], "outbox_queue_url": "", "pid": 1, "reconciled": [], "known_gaps": [],
            "credentials": {"access_key_id": "", "secret_access_key": ""},
            "user": {"email": "", "password": "", "sub": ""},
        }));
        let with: StackInfo = with.unwrap();
        let without = StackInfo { outputs: [].into(), ..with.clone() };
        let names = |drills: &[Drill]| drills.iter().map(|it| it.name.clone()).collect::<Vec<_>>();

        let (begun, skipped) = fitting(drills.clone(), &without);
        assert_eq!((names(&begun), skipped[0].drill.as_str()), (vec!["other".to_owned()], "asks"));
        assert!(skipped[0].reason.contains("StatusApi=enabled"), "{}", skipped[0].reason);
        let (begun, skipped) = fitting(drills, &with);
        assert_eq!((names(&begun).len(), skipped.len()), (2, 0));
    }

    #[test]
    fn unknown_drill_is_answered_with_the_most_similar_name() {
        let all = [drill("consumer-off", 1), drill("poison", 1)];
        let refused = chosen(&["consumer-of".to_owned()], &all).unwrap_err();
        assert!(refused.to_string().contains("did you mean consumer-off?"), "{refused}");
        assert_eq!(chosen(&["poison".to_owned()], &all).unwrap()[0].name, "poison");
    }
}
