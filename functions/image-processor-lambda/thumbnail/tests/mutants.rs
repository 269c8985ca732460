//! Small pictures with changed bytes end soon, in little memory, whatever they have become.
//!
//! One test only: the counter of memory is shared by all threads of the process. `MUTANTS` is how many are tried
//! of each format; `.ci/nightly` tries 10,000.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail it"
)]

mod common;

use std::time::{Duration, Instant};

use common::{fixture, options};
use peak_alloc::PeakAlloc;
use thumbnail::{Limits, thumbnail};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const DEFAULT_MUTANTS: usize = 500;
const MOST_BYTES: usize = 300 * 1024 * 1024;
const MOST_TIME: Duration = Duration::from_secs(2);

/// Of each format the fixtures that take different ways through its decoder.
const SEEDS: [&[&str]; 2] = [
    &[
        "photo.heic",
        "grid.heic",
        "alpha.heic",
        "turned.heic",
        "aperture.heic",
        "12-bit.heic",
        "444.heic",
        "gray.heic",
    ],
    &[
        "photo.avif",
        "grid.avif",
        "alpha.avif",
        "turned.avif",
        "aperture.avif",
        "12-bit.avif",
        "422.avif",
        "identity.avif",
    ],
];

/// Numbers that are the same in each run (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % end.max(1)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

/// Cuts, changes, flips, fills, inserts, or writes a size; in the head or anywhere.
fn mutate(bytes: &mut Vec<u8>, kind: usize, numbers: &mut Numbers) {
    let length = bytes.len();
    let head = length.min(900);
    match kind % 7 {
        0 => bytes.truncate(12 + numbers.below(length - 12)),
        1 => (0..=numbers.below(4)).for_each(|_| bytes[12 + numbers.below(head - 12)] = numbers.byte()),
        2 => {
            for _ in 0..=numbers.below(3) {
                bytes[12 + numbers.below(head - 12)] ^= 1 << numbers.below(8);
            }
        }
        3 => (0..=numbers.below(20))
            .for_each(|_| bytes[length / 3 + numbers.below(length / 2)] = numbers.byte()),
        4 => {
            let start = length / 3 + numbers.below(length / 2);
            let end = (start + 1 + numbers.below(200)).min(length);
            bytes[start..end].fill_with(|| numbers.byte());
        }
        5 => {
            let (from, to) = (12 + numbers.below(length - 80), 12 + numbers.below(length - 12));
            let copy = bytes[from..from + 1 + numbers.below(64)].to_vec();
            bytes.splice(to..to, copy);
        }
        _ => {
            let sizes = [0, 1, 0x4000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, u32::MAX];
            let at = 12 + numbers.below(head - 16);
            bytes[at..at + 4].copy_from_slice(&sizes[numbers.below(sizes.len())].to_be_bytes());
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long a test runs is no setting of the program")]
fn mutants_of_small_pictures_end_within_two_seconds_and_300_megabytes() {
    let count = std::env::var("MUTANTS").map_or(DEFAULT_MUTANTS, |count| count.parse().unwrap());
    for seeds in SEEDS {
        let originals: Vec<Vec<u8>> = seeds.iter().map(|name| fixture(name)).collect();
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let (mut drawn, mut refused) = (0, 0);
        for number in 0..count {
            let seed = numbers.below(originals.len());
            let mut bytes = originals[seed].clone();
            mutate(&mut bytes, number, &mut numbers);
            let case = format!("mutant {number} of {}", seeds[seed]);
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            let started = Instant::now();
            let outcome = thumbnail(&bytes, &Limits::default(), &options(256));
            let (took, peak) = (started.elapsed(), MEMORY.peak_usage().saturating_sub(before));
            assert!(peak < MOST_BYTES, "{case}: {peak} bytes");
            assert!(took < MOST_TIME, "{case}: {took:?}");
            *(if outcome.is_ok() { &mut drawn } else { &mut refused }) += 1;
        }
        assert!(drawn > count / 50 && refused > count / 5, "{drawn} drawn, {refused} refused");
    }
}
