//! Work: what one upload takes.

use serde::Serialize;

use crate::data::{Assumptions, MEASURED};
use crate::load::Load;
use crate::template::Settings;

/// What an invocation of the processor takes, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Work {
    /// From the receipt to the decoder's turn: the original's way, and the claim.
    pub before_ms: f64,
    /// A decoder's turn, at the function's share of a core.
    pub turn_ms: f64,
    /// Behind it until the result: thumbnails and record.
    pub after_ms: f64,
    /// Behind the result: notification, and the record that it was sent.
    pub settle_ms: f64,
    /// Images that are decoded at once.
    pub decoders: usize,
}

impl Work {
    /// The work of an upload, by what is assumed of AWS's latencies.
    #[must_use]
    pub fn of(settings: &Settings, load: &Load, assumed: &Assumptions) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "few sides")]
        let sides = settings.sides.len() as f64;
        let [s3, dynamodb, sns] =
            [&assumed.s3_milliseconds, &assumed.dynamodb_milliseconds, &assumed.sns_milliseconds]
                .map(|it| it.value);
        Self {
            before_ms: s3 + dynamodb,
            turn_ms: MEASURED.cpu_milliseconds(load.megapixels, &settings.sides) / settings.core_share(),
            after_ms: sides * s3 + dynamodb,
            settle_ms: sns + dynamodb,
            decoders: settings.decoders(),
        }
    }

    /// When the message at `place` of a batch is done, from 0 on: waits overlap, turns do not.
    #[must_use]
    pub fn done_after_ms(&self, place: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "batches are of ten at most")]
        let turns = (place / self.decoders + 1) as f64;
        self.before_ms + turns * self.turn_ms + self.after_ms
    }

    /// How long the answer takes how an upload ended: a read, and signatures.
    #[must_use]
    pub fn status_ms(assumed: &Assumptions) -> f64 {
        assumed.dynamodb_milliseconds.value + assumed.status_milliseconds.value
    }

    /// How long an invocation of a batch takes.
    #[must_use]
    pub fn batch_ms(&self, messages: usize) -> f64 {
        self.done_after_ms(messages.saturating_sub(1)) + self.settle_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::tests::settings;

    #[test]
    fn an_invocation_takes_about_what_the_bench_of_batches_took() {
        let bench = &MEASURED.batches;
        for row in &bench.images_per_second {
            let memory = row.memory.to_string();
            let settings = settings(&[("ProcessorMemoryMb", &memory)]);
            let load = Load { megapixels: row.megapixels, ..Load::default() };
            // The bench delays the two calls of S3, and nothing else.
            let work = Work {
                before_ms: bench.call_milliseconds,
                after_ms: bench.call_milliseconds,
                settle_ms: 0.0,
                ..Work::of(&settings, &load, &MEASURED.assumed)
            };
            #[expect(clippy::cast_precision_loss, reason = "ten at most")]
            let rate = row.batch as f64 / work.batch_ms(row.batch) * 1_000.0;
            // The bench's machine has two cores, which two decoders share with all else.
            let allowed = if settings.decoders() == 1 { 0.15 } else { 0.25 };
            assert!((rate / row.rate - 1.0).abs() < allowed, "{row:?}: {rate:.1} a second by the model");
        }
    }

    #[test]
    fn half_a_core_takes_twice_as_long_and_two_decode_two_at_once() {
        let work = |memory| {
            Work::of(&settings(&[("ProcessorMemoryMb", memory)]), &Load::default(), &MEASURED.assumed)
        };
        let (half, one, two) = (work("884.5"), work("1769"), work("3538"));
        assert!((half.turn_ms - 2.0 * one.turn_ms).abs() < 1e-9);
        assert_eq!((one.decoders, two.decoders, two.turn_ms), (1, 2, one.turn_ms));
        assert!((one.batch_ms(4) - one.batch_ms(2) - 2.0 * one.turn_ms).abs() < 1e-9);
        assert!((two.batch_ms(4) - two.batch_ms(2) - one.turn_ms).abs() < 1e-9);
    }
}
