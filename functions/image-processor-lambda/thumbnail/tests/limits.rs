//! Limits are declared in the crate; the template's defaults and the README are held to them.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod common;

use std::path::Path;

use thumbnail::Limits;

fn text(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(name)).unwrap()
}

/// The default of a parameter.
fn default_of(template: &str, parameter: &str) -> u64 {
    let declared =
        template.split(&format!("\n  {parameter}:\n")).nth(1).unwrap_or_else(|| panic!("{parameter}"));
    let value = declared.split("    Default: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    value.trim_matches('\'').parse().unwrap()
}

/// With a comma before each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

#[test]
fn limits_of_the_template_and_of_the_readme_are_those_of_the_crate() {
    let (template, readme, limits) = (text("template.yaml"), text("README.md"), Limits::default());
    for (parameter, expected) in [
        ("MaxUploadBytes", limits.max_bytes),
        ("MaxPixels", limits.max_pixels),
        ("MaxDecodeBytes", limits.max_decode_bytes),
        ("DecodeTimeoutSeconds", limits.time.as_secs()),
    ] {
        assert_eq!(default_of(&template, parameter), expected, "{parameter}");
    }
    let row = format!("| most pixels | `MaxPixels` | {} |", grouped(limits.max_pixels));
    assert!(readme.contains(&row), "README.md lacks: {row}");
}
