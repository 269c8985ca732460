//! Holds the README's table of OpenTelemetry's variables to the code.

use std::{collections::BTreeSet, fs, path::Path};

use telemetry::{Support, Variable};

const README: &str = include_str!("../README.md");
const START: &str = "<!-- variables: written from src/settings/variables.rs -->\n";
const END: &str = "<!-- end of variables -->";

fn table() -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut refused: Vec<(String, String)> = Vec::new();
    for Variable { name, support } in Variable::all() {
        match support {
            Support::Honoured(meaning) => rows.push((format!("`{name}`"), (*meaning).to_owned())),
            Support::Refused { reason, harmless } => {
                let harmless = harmless.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
                let but =
                    if harmless.is_empty() { String::new() } else { format!("; {harmless} may stand here") };
                let here = format!("refused: {reason}{but}");
                match refused.iter_mut().find(|(_, known)| *known == here) {
                    Some((names, _)) => *names = format!("{names} `{name}`"),
                    None => refused.push((format!("`{name}`"), here)),
                }
            }
        }
    }
    rows.extend(refused);
    let rows: Vec<String> = rows.iter().map(|(names, here)| format!("| {names} | {here} |\n")).collect();
    format!("| variable | here |\n|---|---|\n{}", rows.concat())
}

#[test]
fn the_readme_shows_this_table() {
    let (before, rest) = README.split_once(START).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    #[expect(clippy::disallowed_methods, reason = "asks whether to write the table anew")]
    if std::env::var("UPDATE").is_ok() {
        let readme = format!("{before}{START}{}{END}{after}", table());
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), readme).unwrap();
        return;
    }
    assert!(shown == table(), "write it anew: UPDATE=1 cargo test -p telemetry --test variables");
}

#[test]
fn no_variable_stands_in_the_table_twice() {
    let names: BTreeSet<&str> = Variable::all().iter().map(|it| it.name).collect();

    assert_eq!(names.len(), Variable::all().len());
}

#[test]
fn what_a_function_reads_the_template_sets_and_nothing_that_is_refused() {
    let template = include_str!("../../template.yaml");
    let set: BTreeSet<&str> = template
        .lines()
        .filter_map(|line| line.trim().split_once(": "))
        .filter_map(|(name, _)| name.starts_with("OTEL_").then_some(name))
        .collect();

    for name in &set {
        let variable = Variable::all().iter().find(|it| it.name == *name).unwrap();
        assert!(matches!(variable.support, Support::Honoured(_)), "{name}");
    }
    for name in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_TRACES_SAMPLER"] {
        assert!(set.contains(name), "{name}");
    }
}
