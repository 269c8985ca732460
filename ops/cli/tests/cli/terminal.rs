//! `ops` at a terminal: pipes that close, narrow windows, mistyped names.

use std::io::{self, BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use crate::stack::{FakeStack, IMAGE, NAME, TRACE};
use crate::{photo, repository, text};

/// Each command that prints without anything that processes photos.
fn printing() -> Vec<Vec<&'static str>> {
    let on_stack = |words: &[&'static str]| [words, &["--name", NAME]].concat();
    vec![
        on_stack(&["alarms", "list"]),
        on_stack(&["alarms", "explain", "queue-backlog"]),
        on_stack(&["alarms", "watch"]),
        on_stack(&["dashboard", "list"]),
        on_stack(&["dashboard", "render", "image-pipeline", "--out", "overview.svg"]),
        on_stack(&["trace", IMAGE]),
        on_stack(&["clock"]),
    ]
}

/// Every command, as `--help` lists them.
fn commands(stack: &FakeStack) -> Vec<Vec<String>> {
    let (mut all, mut unread) = (Vec::new(), vec![Vec::new()]);
    while let Some(words) = unread.pop() {
        let help = stack.command(&[]).args(&words).arg("--help").output().unwrap();
        let lines = text(&help.stdout).lines().skip_while(|line| *line != "Commands:").skip(1);
        // What a command does may go on in a further line, deeper than its name.
        let names = lines.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next());
        unread.extend(names.map(|name| words.iter().cloned().chain([name.to_owned()]).collect()));
        all.push(words);
    }
    assert!(all.len() > 25, "{all:?}");
    all
}

/// The end of a pipe that nobody reads any more.
fn unread() -> Stdio {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn run(mut command: Command, stdout: Stdio, stderr: Stdio) -> Output {
    command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn().unwrap().wait_with_output().unwrap()
}

#[test]
fn a_reader_that_has_gone_ends_every_command_quietly() {
    let stack = FakeStack::start();
    let source = photo();
    let mut all = printing();
    all.extend(printing().into_iter().map(|words| [&words[..], &["--json"]].concat()));
    let commands = commands(&stack);
    for words in &commands {
        all.push(words.iter().map(String::as_str).chain(["--help"]).collect());
    }
    all.push(vec!["--version"]);
    all.push(vec!["thumbnail", source.to_str().unwrap(), "small.jpg"]);
    let root = repository();
    all.push(vec!["alarms", "test", "--root", root.to_str().unwrap()]);
    for words in all {
        let output = run(stack.command(&words), unread(), Stdio::piped());
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{words:?}");
        let output = run(stack.command(&words), unread(), unread());
        assert_eq!(output.status.code(), Some(0), "{words:?}, without stderr");
    }
}

#[test]
fn a_watch_ends_with_its_reader_and_not_with_the_next_news() {
    let stack = FakeStack::start();
    for json in [&[][..], &["--json"]] {
        let mut command = stack.command(&[&["alarms", "watch", "--name", NAME], json].concat());
        let mut watch = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(watch.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("queue-backlog"), "{line}");
        let output = watch.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    }
}

#[test]
fn a_verdict_does_not_depend_on_who_reads_it() {
    let stack = FakeStack::start();
    let tests = stack.path().join("alarms/tests/bench");
    std::fs::create_dir_all(&tests).unwrap();
    for file in ["pipeline.json", "tests/bench/parameters.json", "tests/bench/equivalents.json"] {
        std::fs::copy(repository().join("alarms").join(file), stack.path().join("alarms").join(file))
            .unwrap();
    }
    let test = r#"{"alarm": "dlq-not-empty", "tests": [{"name": "no alarm", "states": "", "length": "2m", "series": {}}]}"#;
    std::fs::write(stack.path().join("alarms/tests/x.json"), test).unwrap();

    let output = run(stack.command(&["alarms", "test"]), unread(), Stdio::piped());

    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), ""));
}

fn at_width(stack: &FakeStack, words: &[&str], columns: &str) -> String {
    let mut command = stack.command(words);
    let output = command.env("COLUMNS", columns).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

fn assert_fits(words: &[&str], shown: &str, width: usize) {
    for line in shown.lines() {
        assert!(line.chars().count() <= width, "{words:?} at {width}:\n{line}\nof\n{shown}");
    }
}

#[test]
fn every_command_that_answers_has_json() {
    let stack = FakeStack::start();
    let commands = commands(&stack);
    // Only what has no commands of its own answers; and a script of a shell is none of JSON.
    let is_group =
        |words: &Vec<String>| commands.iter().any(|it| it.len() > words.len() && it.starts_with(words));
    for words in commands.iter().filter(|words| !is_group(words) && *words != &["completions"]) {
        let help = stack.command(&[]).args(words).arg("--help").output().unwrap();
        assert!(text(&help.stdout).contains("--json"), "{words:?}");
    }
}

#[test]
fn help_fits_terminals_down_to_sixty_columns() {
    let stack = FakeStack::start();
    for words in commands(&stack) {
        for width in [60, 72, 80] {
            for help in ["--help", "-h"] {
                let words: Vec<&str> = words.iter().map(String::as_str).chain([help]).collect();
                assert_fits(&words, &at_width(&stack, &words, &width.to_string()), width);
            }
        }
    }
}

/// All that is written, wherever its lines end.
fn solid(shown: &str) -> String {
    shown.split_whitespace().collect()
}

#[test]
fn tables_and_waterfalls_fit_terminals_down_to_sixty_columns_and_lose_nothing() {
    let stack = FakeStack::start();
    for words in printing().into_iter().filter(|words| !words.contains(&"watch")) {
        let whole = text(&stack.command(&words).output().unwrap().stdout).to_owned();
        for width in [60, 61, 75, 100] {
            let shown = at_width(&stack, &words, &width.to_string());
            assert_fits(&words, &shown, width);
            if words[0] == "trace" {
                // Bars are drawn to the width, and a long name gives way to them; JSON has it whole.
                for expected in [TRACE, IMAGE, "process_image", "ThrottlingException"] {
                    assert!(solid(&shown).contains(expected), "{expected} of\n{shown}");
                }
            } else {
                assert_eq!(solid(&shown), solid(&whole), "{words:?} at {width}");
            }
        }
    }
}

#[test]
fn errors_fit_the_terminal_too() {
    let stack = FakeStack::start();
    let output = stack.command(&["trace", "0193", "--name", NAME]).env("COLUMNS", "60").output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert_fits(&["trace"], text(&output.stderr), 60);
}

#[test]
fn an_unknown_name_exits_with_two_and_names_the_nearest() {
    let stack = FakeStack::start();
    std::fs::write(stack.path().join("kitten.jpg"), "x").unwrap();
    let near = "0193a5b2-7c41-7d0e-9f00-5be2a1c0ffe0";
    for (words, nearest) in [
        (&["alarms", "explain", "queue-backlg", "--name", NAME][..], "did you mean queue-backlog?"),
        (
            &["dashboard", "render", "image-pipline", "--out", "x.svg", "--name", NAME],
            "did you mean image-pipeline?",
        ),
        (&["trace", near, "--name", NAME], &format!("did you mean {IMAGE}?")),
        (&["trace", "4bf92f3577b34da6a3ce929d0e0e4737", "--name", NAME], &format!("did you mean {TRACE}?")),
        (&["trace", "nope", "--name", NAME], &format!("the nearest is {IMAGE}")),
        (&["alarms", "list", "--name", "photo"], "did you mean photos?"),
        (&["dlq", "list", "--name", "fotos"], "did you mean photos?"),
        (&["upload", "kiten.jpg", "--name", NAME], "did you mean kitten.jpg?"),
        (&["verify", "kiten.jpg", "--name", NAME], "did you mean kitten.jpg?"),
        (&["thumbnail", "kiten.jpg", "small.jpg"], "did you mean kitten.jpg?"),
        (&["dlq", "list", "--cause", "malformd"], "'malformed'"),
        (&["alarm", "list"], "'alarms'"),
        (&["up", "--onse"], "'--once'"),
    ] {
        let output = stack.command(words).output().unwrap();
        let shown = text(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{words:?}: {shown}");
        assert!(shown.contains(nearest), "{words:?}: {shown}");
    }
    assert!(!stack.path().join("x.svg").exists());
}

#[test]
fn a_dashboard_is_drawn_as_what_its_file_is_called_and_as_nothing_else() {
    let stack = FakeStack::start();
    let render = |out: &str| {
        stack
            .command(&["dashboard", "render", "image-pipeline", "--name", NAME, "--out", out])
            .output()
            .unwrap()
    };
    for out in ["x.gif", "x.jpg", "x", "x.svg.gz"] {
        let output = render(out);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{out}");
        let shown = text(&output.stderr);
        assert!(shown.contains("SVG or PNG") && shown.contains(".svg or .png"), "{shown}");
        assert!(!stack.path().join(out).exists(), "{out}");
    }
    assert_eq!(render("X.SVG").status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(stack.path().join("X.SVG")).unwrap(), "<svg/>");
}

#[test]
fn clock_goes_as_the_stack_lets_it_and_a_refusal_says_why() {
    let stack = FakeStack::start();
    let clock = |words: &[&str]| stack.command(&["clock", "--name", NAME]).args(words).output().unwrap();
    let line = |words: &[&str]| text(&clock(words).stdout).trim_end().to_owned();
    assert_eq!(line(&[]), "2026-11-29T10:00:00Z · as fast as the day");
    assert_eq!(line(&["60"]), "2026-11-29T10:00:00Z · 60 times as fast as the day");
    let json: serde_json::Value = serde_json::from_str(&line(&["60", "--json"])).unwrap();
    assert_eq!(json, serde_json::json!({"now": "2026-11-29T10:00:00Z", "rate": 60}));
    for (rate, why) in [("2", "a drill counts its minutes"), ("0", "1..=600"), ("fast", "invalid digit")] {
        let output = clock(&[rate]);
        let shown = text(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{rate}: {shown}");
        assert!(shown.contains(why), "{rate}: {shown}");
    }
}
