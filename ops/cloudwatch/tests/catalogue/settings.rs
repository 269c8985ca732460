//! Environment variables: what a function reads is what the template sets.

use std::collections::BTreeSet;

use super::assets::text;

const FUNCTIONS: [&str; 4] =
    ["generate-upload-url", "image-processor-lambda", "image-status-lambda", "s3-metrics-lambda"];

/// The variables that a function's configuration names; Lambda itself sets those of AWS.
fn read(function: &str) -> BTreeSet<String> {
    let source = text(&format!("functions/{function}/src/config.rs"));
    let code = source.split("#[cfg(test)]").next().unwrap();
    let is_variable = |word: &&str| {
        word.contains('_') && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let literals = code.split('"').skip(1).step_by(2).filter(is_variable);
    literals.filter(|name| !name.starts_with("AWS_")).map(str::to_owned).collect()
}

/// The variables that the template sets for a function alone.
fn set(function: &str) -> BTreeSet<String> {
    let template = text("template.yaml");
    let resource = template.split(&format!("Binary: {function}}}")).nth(1).unwrap();
    let block = resource.split("        Variables:\n").nth(1).unwrap();
    let lines = block.lines().take_while(|line| line.starts_with("          "));
    lines.map(|line| line.trim().split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn every_variable_that_a_function_reads_is_set_in_the_template_and_no_other() {
    for function in FUNCTIONS {
        let read = read(function);
        assert!(!read.is_empty(), "{function}");
        assert_eq!(read, set(function), "{function}");
    }
}

/// The default of a parameter of the template that is a number.
fn default(parameter: &str) -> u32 {
    let template = text("template.yaml");
    let (_, declared) = template.split_once(&format!("\n  {parameter}:\n")).unwrap();
    let (_, value) = declared.split_once("\n    Default: ").unwrap();
    value.lines().next().unwrap().parse().unwrap()
}

/// What all functions of a new AWS account may run at once.
const NEW_ACCOUNT: u32 = 10;

#[test]
fn uploads_leave_half_of_a_new_accounts_concurrency_to_the_api() {
    assert!(2 * default("ProcessorMaxConcurrency") <= NEW_ACCOUNT);
    assert!(
        text("docs/deploying.md").contains(&format!("a new account runs {NEW_ACCOUNT} functions at once"))
    );
}

#[test]
fn messages_stay_hidden_for_six_times_the_functions_timeout() {
    assert!(default("QueueVisibilityTimeoutSeconds") >= 6 * default("ProcessorTimeoutSeconds"));
}

/// `Architecture` decides both what is built and where it runs.
#[test]
fn sam_builds_with_the_parameters_that_it_deploys_with() {
    let config = text("samconfig.toml");
    let mut section = "";
    let mut seen = 0;
    for line in config.lines() {
        if line.starts_with('[') {
            section = line;
        }
        if line.starts_with("parameter_overrides") {
            assert!(section.ends_with(".global.parameters]"), "{section}: {line}");
            seen += 1;
        }
    }
    assert!(seen > 0, "no environment overrides a parameter, and this test sees nothing");
}
