//! Random histories of uploads, duplicates, disorder, theft, faults and crashes against the invariants.
//!
//! `MODEL_SEQUENCES` plays more of them than the default.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::default_trait_access,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]

#[path = "model/check.rs"]
mod check;
#[path = "model/history.rs"]
mod history;
#[path = "model/schedule.rs"]
mod schedule;
#[expect(dead_code, reason = "shared with the handler's tests, which use the rest")]
mod support;
#[path = "model/world.rs"]
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};

use history::{Happening, Play, happenings};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};
use telemetry::Telemetry;
use world::Defect;

/// Sequences that an ordinary run plays, and steps that these are at least: uploads, deliveries, single calls, crashes.
const SEQUENCES: u32 = 2_000;
const STEPS: usize = 100_000;

#[test]
#[expect(clippy::print_stdout, reason = "how much was played is what .ci/nightly shows of it")]
fn item_thumbnail_and_newest_version_agree_whatever_happens() {
    #[expect(clippy::disallowed_methods, reason = "a longer run is asked for from outside")]
    let sequences = std::env::var("MODEL_SEQUENCES").ok().and_then(|raw| raw.parse().ok());
    let sequences = sequences.unwrap_or(SEQUENCES);
    let steps = search(None, sequences).unwrap();
    println!("{sequences} sequences of {steps} random steps in all");
    assert!(sequences < SEQUENCES || steps >= STEPS, "{steps} steps, of {STEPS} at least");
}

#[test]
fn the_checker_finds_a_claim_that_ignores_the_order_of_versions() {
    found(Defect::IgnoresOrder, "not the newest|without a crash");
}

#[test]
fn the_checker_finds_attempts_that_do_not_exclude_each_other() {
    found(Defect::ExcludesNobody, "thumbnail of another version|without a crash");
}

#[test]
fn the_checker_finds_a_result_that_counts_before_the_topic_was_told() {
    found(Defect::SettlesTooEarly, "nobody was notified");
}

#[test]
fn the_checker_finds_a_claim_that_never_runs_out() {
    found(Defect::NeverExpires, "not at rest|no item|not the newest");
}

#[test]
fn the_checker_finds_work_that_is_done_again_each_time_its_message_comes() {
    found(Defect::RepeatsEachTime, "was completed");
}

#[test]
fn the_checker_finds_a_reprocess_that_wins_over_a_newer_upload() {
    found(Defect::ReprocessWins, "not the newest|without a crash|another version");
}

fn found(defect: Defect, expected: &str) {
    let violation = search(Some(defect), SEQUENCES).unwrap_err();
    assert!(expected.split('|').any(|part| violation.contains(part)), "{defect:?}: {violation}");
}

/// Plays `sequences` random histories and answers how many steps they had; the first violation, shrunk to its shortest
/// history.
fn search(defect: Option<Defect>, sequences: u32) -> Result<usize, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _context = runtime.enter();
    let config =
        Config { cases: sequences, max_shrink_iters: 500, failure_persistence: None, ..Config::default() };
    let (telemetry, _) = Telemetry::capture("model");
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let steps = AtomicUsize::new(0);
    let result = runner.run(&happenings(), |happenings| {
        steps.fetch_add(happenings.len(), Ordering::Relaxed);
        match play(&happenings, defect, &telemetry) {
            Some(violation) => Err(TestCaseError::fail(violation)),
            None => Ok(()),
        }
    });
    result.map(|()| steps.into_inner()).map_err(|error| match error {
        TestError::Fail(reason, history) => format!("{reason}\n{history:#?}"),
        TestError::Abort(reason) => reason.to_string(),
    })
}

fn play(happenings: &[Happening], defect: Option<Defect>, telemetry: &Telemetry) -> Option<String> {
    let (world, history) = Play::all(happenings, defect, telemetry);
    check::violation(&world.lock().unwrap(), &history)
}

#[test]
fn histories_are_the_same_in_every_run() {
    let draw = || {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        format!("{:?}", happenings().new_tree(&mut runner).unwrap().current())
    };
    assert_eq!(draw(), draw());
}
