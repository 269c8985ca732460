//! Listings of many keys: what they count, what they cost, and how long they take.
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only exempts #[test] functions")]

mod bucket;

use std::{sync::atomic::Ordering, time::Duration};

use bucket::{Bucket, LATENCY, PAGE, scrambled, uuid};
use proptest::prelude::*;
use s3_metrics_lambda::{
    lanes::{Lanes, PARALLELISM},
    usage::{Usage, scan},
};
use tokio::time::Instant;

const MILLION: u64 = 1_000_000;

/// A scan that has all the time in the world, and how long it took.
async fn measured(bucket: &Bucket, lanes: usize) -> (Usage, Duration) {
    let started = Instant::now();
    let usage = scan(bucket, "bucket", &Lanes::new(lanes), || Duration::from_hours(1)).await.unwrap();
    (usage, started.elapsed())
}

/// The pages that a scan may take.
fn budget(keys: usize, lanes: usize) -> u64 {
    let full = keys.div_ceil(PAGE).max(1);
    (full + lanes.max(full / 20)) as u64
}

/// Scans a million keys on as many lanes, and answers the part of them that was used.
#[expect(clippy::print_stdout, reason = "the table of docs/bucket-totals.md")]
async fn efficiency(name: &str, lanes: usize, key: impl Fn(u64) -> String) -> f64 {
    let bucket = Bucket::new((0..MILLION).map(key));
    let keys = bucket.keys.lock().unwrap().len();

    let (usage, time) = measured(&bucket, lanes).await;

    assert_eq!((usage.objects, usage.bytes), (keys as u64, keys as u64), "{name}");
    assert_eq!(usage.pages, bucket.requests.load(Ordering::Relaxed) as u64, "{name}");
    assert!(usage.pages <= budget(keys, lanes), "{name}: {} pages", usage.pages);
    let sequential = LATENCY * u32::try_from(keys.div_ceil(PAGE)).unwrap();
    let speedup = sequential.as_secs_f64() / time.as_secs_f64();
    println!("{name:<28} {lanes:>2} lanes {:>5} pages {time:>7.2?} {speedup:>5.1}", usage.pages);
    speedup / f64::from(u32::try_from(lanes).unwrap())
}

/// One of `users`, and the file of the number.
fn upload(users: u64, number: u64) -> String {
    format!("user-uploads/{}/{}.jpg", uuid(MILLION + scrambled(number) % users), uuid(number))
}

#[tokio::test(start_paused = true)]
async fn a_million_uploads_of_many_users_use_four_fifths_of_the_lanes_within_the_budget() {
    assert!(efficiency("uploads of 50,000 users", PARALLELISM, |it| upload(50_000, it)).await >= 0.8);
}

#[tokio::test(start_paused = true)]
async fn a_million_uploads_of_five_users_use_four_fifths_of_the_lanes_within_the_budget() {
    assert!(efficiency("uploads of 5 users", PARALLELISM, |it| upload(5, it)).await >= 0.8);
}

#[tokio::test(start_paused = true)]
async fn a_million_keys_of_one_prefix_use_four_fifths_of_the_lanes_within_the_budget() {
    let thumbnail = |number| format!("processed/{}.jpg", uuid(number));
    assert!(efficiency("thumbnails", PARALLELISM, thumbnail).await >= 0.8);
}

#[tokio::test(start_paused = true)]
async fn a_million_keys_that_grow_with_time_use_half_of_the_lanes_within_the_budget() {
    let uuid7 = |number: u64| {
        let time = 0x0193_A1B2_C3D4 + number * 7919;
        format!("user-uploads/{:08x}-{:04x}-7{}", time >> 16, time & 0xFFFF, uuid(number).split_at(15).1)
    };
    assert!(efficiency("one prefix, UUIDs of time", PARALLELISM, uuid7).await >= 0.5);
}

#[tokio::test(start_paused = true)]
async fn a_million_keys_most_of_which_are_one_user_s_use_two_fifths_of_the_lanes_within_the_budget() {
    let skewed = |number: u64| upload(if number % 10 < 7 { 1 } else { 5000 }, number);
    assert!(efficiency("1 user has 7 of 10 uploads", PARALLELISM, skewed).await >= 0.4);
}

#[tokio::test(start_paused = true)]
async fn a_million_keys_of_a_large_alphabet_behind_a_long_prefix_use_seven_tenths_of_the_lanes() {
    let prefix = "é/漢字 \u{1}/".repeat(40);
    let character = |number: u64, place: u64| {
        char::from_u32(0x4E00 + u32::try_from(scrambled(number * 8 + place) % 20_000).unwrap()).unwrap()
    };
    let hostile = |number| {
        (0..5).map(|place| character(number, place)).fold(prefix.clone(), |key, it| key + &it.to_string())
    };
    assert!(efficiency("20,000 characters", PARALLELISM, hostile).await >= 0.7);
}

#[tokio::test(start_paused = true)]
async fn eight_lanes_are_used_as_well_as_sixteen_and_of_thirty_two_fewer() {
    let efficiency =
        async |lanes| efficiency("uploads of 50,000 users", lanes, |it| upload(50_000, it)).await;
    assert!(efficiency(8).await >= 0.8);
    assert!((0.5..0.8).contains(&efficiency(32).await));
}

#[tokio::test(start_paused = true)]
async fn a_page_is_enough_for_a_page_of_keys_and_a_small_bucket_costs_little_more_than_its_pages() {
    for (keys, most) in [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (5000, 7), (20_000, 28)] {
        let bucket = Bucket::new((0..keys).map(|number| upload(keys / 20 + 1, number)));

        let (usage, _) = measured(&bucket, PARALLELISM).await;

        assert_eq!(usage.objects, keys);
        assert!(usage.pages <= most, "{keys} keys: {} pages", usage.pages);
    }
}

#[tokio::test(start_paused = true)]
async fn buckets_side_by_side_share_the_lanes() {
    let bucket = Bucket::new((0..200_000).map(|number| upload(1000, number)));
    let lanes = Lanes::new(PARALLELISM);
    let started = Instant::now();

    let time_left = || Duration::from_hours(1);
    let (one, other) =
        tokio::join!(scan(&bucket, "a", &lanes, time_left), scan(&bucket, "b", &lanes, time_left));

    assert_eq!((one.unwrap().objects, other.unwrap().objects), (200_000, 200_000));
    assert_eq!(bucket.most_running.load(Ordering::Relaxed), PARALLELISM);
    let one_after_the_other = LATENCY * 400;
    assert!(started.elapsed() < one_after_the_other / 7, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_throttled_bucket_is_listed_whole_by_fewer_requests_at_the_same_time() {
    let bucket = Bucket { limit: Some(6), ..Bucket::new((0..200_000).map(|number| upload(1000, number))) };

    let (usage, time) = measured(&bucket, PARALLELISM).await;

    assert_eq!(usage.objects, 200_000);
    assert!(usage.pages <= budget(200_000, PARALLELISM), "{} pages", usage.pages);
    // With 16 lanes all the time, 10 of 16 requests would be throttled.
    let requests = bucket.requests.load(Ordering::Relaxed) as u64;
    assert!(requests < usage.pages * 3 / 2, "{requests} requests for {} pages", usage.pages);
    assert!(time < LATENCY * 100, "{time:?}");
}

/// What a key weighs that is not there all the time.
const PASSING: u64 = 1 << 32;

/// Writes, deletes and overwrites around the listing.
fn churn(keys: &mut bucket::Keys, page: usize) {
    for number in 0..200 {
        let number = (page * 200 + number) as u64;
        keys.insert(format!("{}-new", upload(1000, number * 7)), PASSING);
        keys.remove(&format!("{}-old", upload(1000, scrambled(number) % 20_000)));
    }
}

#[tokio::test(start_paused = true)]
async fn under_writes_what_stays_is_counted_once_and_what_passes_once_at_most() {
    const STAYING: u64 = 100_000;
    let bucket =
        Bucket { change: Some(churn), ..Bucket::new((0..STAYING).map(|number| upload(1000, number))) };
    for number in 0..20_000 {
        bucket.keys.lock().unwrap().insert(format!("{}-old", upload(1000, number)), PASSING);
    }

    let (usage, _) = measured(&bucket, PARALLELISM).await;

    let written = bucket.keys.lock().unwrap().keys().filter(|key| key.ends_with("-new")).count() as u64;
    let left = bucket.keys.lock().unwrap().keys().filter(|key| key.ends_with("-old")).count() as u64;
    let (passing, staying) = (usage.bytes / PASSING, usage.bytes % PASSING);
    assert_eq!((staying, usage.objects), (STAYING, STAYING + passing));
    assert!((left..=20_000 + written).contains(&passing), "{left} ≤ {passing} ≤ 20000 + {written}");
    assert!(written > 10_000 && left < 15_000, "{written} written, {left} left");
}

/// Keys of a few characters each, so that they share prefixes, of alphabets of one to four bytes a character.
fn keys() -> impl Strategy<Value = Vec<String>> {
    let alphabet = prop_oneof![
        Just("ab/"),
        Just("0123456789abcdef-"),
        Just("/-.~ +%\u{1}\u{7f}"),
        Just("aé漢🦀\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}"),
    ];
    (alphabet, "[a-z/é]{0,40}", 1_usize..9, 0_usize..6000, any::<u32>()).prop_map(
        |(alphabet, prefix, length, count, seed)| {
            let characters: Vec<char> = alphabet.chars().collect();
            let character = |number: u64| {
                *characters
                    .get(usize::try_from(scrambled(number) % characters.len() as u64).unwrap())
                    .unwrap()
            };
            let key = |number: usize| {
                let number = u64::from(seed) * 1_000_003 + number as u64;
                let length = 1 + scrambled(number) % length as u64;
                (0..length * 2)
                    .fold(prefix.clone(), |key, place| key + &character(number * 31 + place).to_string())
            };
            (0..count).map(key).collect()
        },
    )
}

/// Keys that mislead: at each level one byte leads to all the others, which look as full from above and hold a few keys.
fn misleading() -> impl Strategy<Value = Vec<String>> {
    let alphabet = prop_oneof![Just("abcdefghijklmnopqrstuvwxyz"), Just("0123456789abcdef"), Just("/01ab")];
    (alphabet, 1_usize..12, 1_usize..4, 0_usize..16_000, any::<u32>()).prop_map(
        |(alphabet, levels, few, count, seed)| {
            let mut keys = Vec::new();
            let mut prefix = String::new();
            for level in 0..levels {
                let heavy = scrambled(u64::from(seed) + level as u64) % 4;
                for (place, character) in (0_u64..).zip(alphabet.chars()) {
                    if place != heavy {
                        keys.extend((0..few).map(|number| format!("{prefix}{character}{number}")));
                    }
                }
                prefix.extend(alphabet.chars().nth(usize::try_from(heavy).unwrap()));
                let here =
                    (0..count / levels).map(|number| scrambled(level as u64 * 1_000_003 + number as u64));
                keys.extend(here.map(|number| format!("{prefix}{number:016x}")));
            }
            keys
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_keys_are_counted_exactly_and_within_the_budget(
        keys in prop_oneof![keys(), misleading()], lanes in 1_usize..40,
    ) {
        let bucket = Bucket::new(keys);
        let keys = bucket.keys.lock().unwrap().len();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();

        let (usage, _) = runtime.block_on(measured(&bucket, lanes));

        prop_assert_eq!(usage.objects, keys as u64);
        prop_assert!(usage.pages <= budget(keys, lanes), "{} pages", usage.pages);
    }
}
