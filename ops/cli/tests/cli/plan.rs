//! `ops plan` on the repository's own template.

use std::path::Path;

use crate::{Harness, document, text};

fn root() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").to_str().unwrap().to_owned()
}

const SMALL: [&str; 3] = ["plan", "--simulated", "500"];

#[test]
fn plan_prints_limits_latency_and_a_bill_and_draws_them() {
    let (harness, root) = (Harness::new(), root());
    let words =
        [&SMALL[..], &["--root", &root, "--months", "0.1", "--uploads-per-second", "1", "--svg", "plan.svg"]]
            .concat();
    let output = harness.ops(&words);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for expected in
        ["processors at once", "from upload to DONE", "CloudWatch Logs", "for a million uploads", "assumed"]
    {
        assert!(text(&output.stdout).contains(expected), "{expected}: {}", text(&output.stdout));
    }
    let drawn = std::fs::read_to_string(harness.path("plan.svg")).unwrap();
    assert!(drawn.starts_with("<svg") && drawn.contains("processors at once"));
}

#[test]
fn a_load_beyond_a_limit_exits_with_one_and_a_parameter_moves_the_limit() {
    let (harness, root) = (Harness::new(), root());
    let words = [&SMALL[..], &["--root", &root, "--json", "--months", "0.001", "--uploads-per-second", "60"]]
        .concat();
    let beyond = harness.ops(&words);
    assert_eq!((beyond.status.code(), text(&beyond.stderr)), (Some(1), ""));
    assert_eq!(document(&beyond)["limits"][0]["set_by"], "ApiThrottleRate");
    let within = harness.ops(&[&words[..], &["--param", "ApiThrottleRate=100"]].concat());
    assert_eq!(within.status.code(), Some(0));
    assert_eq!(document(&within)["limits"][0]["set_by"], "ProcessorMaxConcurrency");
}

#[test]
fn an_image_beyond_max_pixels_exits_with_one_and_is_named() {
    let (harness, root) = (Harness::new(), root());
    let words = ["--root", &root, "--months", "0.0001", "--uploads-per-second", "1", "--megapixels", "480"];
    let output = harness.ops(&[&SMALL[..], &words].concat());
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), ""));
    let printed = text(&output.stdout);
    assert!(printed.contains("an image of 480 megapixels is refused: MaxPixels"), "{printed}");
}

#[test]
fn three_statuses_an_upload_are_reckoned_where_the_api_answers_them_unless_given() {
    let (harness, root) = (Harness::new(), root());
    let words = [&SMALL[..], &["--root", &root, "--json", "--uploads-per-second", "1"]].concat();
    for (more, expected) in [
        (&[][..], 0.0),
        (&["--param", "StatusApi=enabled"], 3.0),
        (&["--param", "StatusApi=enabled", "--statuses-per-upload", "0.5"], 0.5),
    ] {
        let answer = document(&harness.ops(&[&words[..], more].concat()));
        assert_eq!(answer["load"]["statuses_per_upload"], expected, "{more:?}");
    }
}

#[test]
fn what_cannot_be_reckoned_exits_with_two_and_names_the_mistake() {
    let (harness, root) = (Harness::new(), root());
    for (more, expected) in [
        (&["--uploads-per-second", "0"][..], "above nothing"),
        (&["--uploads-per-second", "1", "--param", "Nonsense=1"], "Nonsense"),
        (&["--uploads-per-second", "1", "--param", "ProcessorMemoryMb=much"], "ProcessorMemoryMb is much"),
        (&["--uploads-per-second", "1", "--faults", "101"], "0 to 100"),
        (&["--uploads-per-second", "1", "--statuses-per-upload", "2"], "StatusApi=enabled"),
    ] {
        let output = harness.ops(&[&SMALL[..], &["--root", &root], more].concat());
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{more:?}");
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    }
}
