//! The simulation against what is known in closed form.

use super::*;

/// Executions that are free with their last result.
fn measured(done_ms: &[f64]) -> Service {
    Service::Measured { done_ms: done_ms.to_vec(), free_ms: vec![0.0] }
}

fn model() -> Model {
    Model {
        rate: 1.0,
        spacing: Spacing::Poisson,
        uploads: 200_000,
        pickup_ms: vec![0.0],
        concurrency: 1,
        batch_size: 1,
        service: measured(&[500.0]),
        faults: 0.0,
        max_receives: 5,
        retry_base_seconds: 2.0,
        seed: 7,
    }
}

fn close(value: f64, expected: f64, share: f64) {
    assert!((value / expected - 1.0).abs() < share, "{value}, not {expected}");
}

#[test]
fn one_execution_waits_as_pollaczek_and_khinchine_have_it() {
    // M/D/1: the mean wait is rho * D / (2 * (1 - rho)).
    for (rate, expected) in [(1.0, 500.0 * 0.5 / (2.0 * 0.5)), (1.6, 500.0 * 0.8 / (2.0 * 0.2))] {
        let outcome = run(&Model { rate, ..model() });
        close(outcome.wait.mean_ms, expected, 0.05);
        close(outcome.utilisation, rate * 0.5, 0.02);
    }
}

#[test]
fn two_services_wait_as_their_mean_and_variance_have_it() {
    // M/G/1 of 200 and 800 ms: rate * E[S^2] / (2 * (1 - rho)).
    let outcome = run(&Model { service: measured(&[200.0, 800.0]), ..model() });
    close(outcome.wait.mean_ms, f64::midpoint(0.2 * 0.2, 0.8 * 0.8) / (2.0 * 0.5) * 1_000.0, 0.05);
}

#[test]
fn an_execution_is_busy_beyond_its_result_and_others_wait_for_it() {
    // The wait is that of 500 ms, the whole that of the result after 200 of them.
    let busy = Service::Measured { done_ms: vec![200.0], free_ms: vec![300.0] };
    let outcome = run(&Model { service: busy, ..model() });
    close(outcome.wait.mean_ms, 500.0 * 0.5 / (2.0 * 0.5), 0.05);
    close(outcome.whole.mean_ms - outcome.wait.mean_ms, 200.0, 1e-6);
    close(outcome.utilisation, 0.5, 0.02);
}

#[test]
fn evenly_spaced_uploads_below_capacity_never_wait_and_above_it_the_queue_grows_by_the_difference() {
    let even = Model { spacing: Spacing::Uniform, uploads: 1_000, ..model() };
    let below = run(&Model { rate: 1.9, ..even.clone() });
    assert!(below.wait.max_ms < 1e-6 && below.longest_queue <= 1, "{below:?}");
    // Four a second come, two go: after 250 s half of them wait.
    let above = run(&Model { rate: 4.0, ..even });
    assert!((499..=501).contains(&above.longest_queue), "{above:?}");
    close(above.wait.max_ms, 250_000.0, 0.01);
}

#[test]
fn batches_fill_under_load_so_that_more_goes_through() {
    let work = Work { before_ms: 100.0, turn_ms: 20.0, after_ms: 60.0, settle_ms: 40.0, decoders: 1 };
    let batches = Model {
        service: Service::Model(work),
        batch_size: 10,
        uploads: 20_000,
        spacing: Spacing::Uniform,
        ..model()
    };
    // 10 in 400 ms are 25 a second; one by one it would be 4.5.
    let loaded = run(&Model { rate: 24.0, ..batches.clone() });
    assert!(loaded.mean_batch > 9.0 && loaded.wait.p99_ms < 1_000.0, "{loaded:?}");
    let idle = run(&Model { rate: 1.0, ..batches });
    close(idle.mean_batch, 1.0, 1e-9);
    // What follows the result keeps the execution, and not the user.
    close(idle.whole.p50_ms, 180.0, 1e-6);
    close(idle.busy_seconds, 0.22, 1e-6);
}

#[test]
fn every_upload_is_done_or_dead_and_attempts_are_those_of_the_faults() {
    for faults in [0.0, 0.2, 1.0] {
        let outcome = run(&Model { faults, uploads: 20_000, concurrency: 50, ..model() });
        assert_eq!(outcome.done + outcome.dead, 20_000);
        close(ratio(outcome.attempts, 20_000), crate::limits::attempts(faults, 5), 0.02);
        close(ratio(outcome.dead, 20_000) + 1.0, faults.powi(5) + 1.0, 0.01);
    }
}

#[test]
fn a_retry_comes_after_its_pause_which_grows_fivefold() {
    let always = Model { faults: 1.0, uploads: 1, max_receives: 3, ..model() };
    let first = run(&Model { faults: 0.0, ..always.clone() });
    let last = run(&always);
    assert_eq!((first.invocations, last.invocations, last.dead), (1, 3, 1));
    // Of three executions of half a second, and pauses of 1 to 2 and 5 to 10 seconds.
    let work = 3.0 * 0.5;
    let span = work / last.utilisation;
    assert!((work + 6.0..work + 12.0 + 10.0).contains(&span), "{span}");
}

#[test]
fn a_retry_comes_after_whole_seconds() {
    let once = Model { faults: 0.5, uploads: 10_000, max_receives: 2, rate: 0.01, ..model() };
    let outcome = run(&once);
    // Half are done at once; of the others none before two executions and two seconds, which 1 to 2 are rounded up to.
    close(outcome.whole.p50_ms, 500.0, 1e-6);
    close(outcome.whole.p90_ms, 500.0 + 2_000.0 + 500.0, 1e-3);
}

#[test]
fn the_same_seed_gives_the_same_answer_and_another_seed_another() {
    let small = Model { uploads: 2_000, ..model() };
    assert_eq!(run(&small), run(&small));
    assert_ne!(run(&small), run(&Model { seed: 8, ..small.clone() }));
}

#[test]
fn percentiles_are_values_that_occurred() {
    let percentiles = Percentiles::of((1..=100).rev().map(|number| f64::from(number) / 1_000.0).collect());
    assert!((percentiles.p50_ms - 50.0).abs() < 1e-9 && (percentiles.p99_ms - 99.0).abs() < 1e-9);
    assert!((percentiles.max_ms - 100.0).abs() < 1e-9 && (percentiles.mean_ms - 50.5).abs() < 1e-9);
    assert_eq!(Percentiles::of(Vec::new()), Percentiles::default());
}
