//! Many users at once: each has a folder of their own, and the engine does not grow beyond bounds.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pipeline_client::load::{self, Plan};

use crate::crowd::items;
use crate::harness::Harness;
use crate::listing::list;
use crate::processes::engine_kib;

/// How many users there are, unless `USERS` names another number: .ci/nightly has 5,000.
const USERS: usize = 300;

/// What a user and their upload may cost the engine: account, tokens, object, thumbnail, item, log lines, messages. Of
/// 1,500 users it was 91 KiB each.
const MOST_KIB_PER_USER: u64 = 150;

/// What the engine may grow by whoever comes: its modules are loaded when they are first needed.
const WARM_UP_KIB: u64 = 64 * 1_024;

#[tokio::test]
#[ignore = "long: run by .ci/run"]
#[expect(clippy::print_stdout, reason = "the figures are what the run of CI shows of it")]
async fn each_of_many_users_uploads_into_their_own_folder() {
    #[expect(clippy::disallowed_methods, reason = "a longer run is asked for from outside")]
    let users = std::env::var("USERS").ok().and_then(|raw| raw.parse().ok()).unwrap_or(USERS);
    let (harness, _alone) = Harness::loaded().await;
    let known = items(harness).await.len();
    let before = engine_kib(harness.group);
    let plan = Plan {
        rate: 20.0,
        duration: Duration::MAX,
        most: users,
        mix: "photo=1".parse().unwrap(),
        users,
        ..Plan::default()
    };
    let begun = Instant::now();

    let ledger = load::run(&harness.info, &plan, &()).await.unwrap();

    let (took, sent) = (begun.elapsed().as_secs(), ledger.took.as_secs());
    assert!(ledger.is_whole(), "{ledger:?}");
    assert_eq!((ledger.sent, ledger.done), (users, users));
    let items = items(harness).await;
    assert_eq!(items.len() - known, users);
    let mut folders = BTreeMap::<String, usize>::new();
    for id in ledger.notifications.keys() {
        let (user, key) = (items[id].text("userId"), items[id].text("originalS3Key"));
        assert!(key.starts_with(&format!("user-uploads/{user}/")), "{key} of {user}");
        *folders.entry(user.to_owned()).or_default() += 1;
    }
    assert_eq!(folders.len(), users, "each user has a folder");
    assert!(folders.values().all(|uploads| *uploads == 1));
    let stored = list(harness, harness.output("OriginalBucketName"), "user-uploads/").await;
    let of_known = |key: &str| key.split('/').nth(1).is_some_and(|user| folders.contains_key(user));
    assert_eq!(stored.iter().filter(|object| of_known(&object.key)).count(), users);
    let grown = engine_kib(harness.group).saturating_sub(before);
    let per_user = grown / u64::try_from(users).unwrap();
    println!(
        "{users} users: {} s to create and sign in, {sent} s of uploads, {} answers 429; the engine grew by {grown} KiB, \
         {per_user} KiB a user",
        took - sent,
        ledger.throttled
    );
    let most = WARM_UP_KIB + MOST_KIB_PER_USER * u64::try_from(users).unwrap();
    assert!(grown <= most, "{grown} KiB, of which {most} are allowed");
}
