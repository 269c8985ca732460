//! Erasure of a stack in memory: whole, killed at each call, and beside a processor that is at work.

mod world;

use std::time::Duration;

use contract::image_id::image_id;

use super::subject::{Subject, SubjectError};
use super::{Options, run};
use crate::audit::source::Bucket;
use world::{Late, World};

const ERASED: &str = "11111111-1111-4111-8111-111111111111";
/// Begins as the erased one does.
const OTHERS: [&str; 2] = ["11111111-1111-4111-8111-111111111112", "22222222-2222-4222-8222-222222222222"];

fn execute() -> Options {
    Options { execute: true, interval: Duration::ZERO, settle_for: Duration::from_secs(30) }
}

/// Three users of three images each: two versions and a delete marker of one, one without an item, two dead letters.
fn stack() -> World {
    let world = World::default();
    for user in [ERASED, OTHERS[0], OTHERS[1]] {
        world.add_user(user);
        for name in ["a", "b c+d"] {
            world.add_image(&format!("user-uploads/{user}/{name}.jpg"));
        }
        world.add_version(&format!("user-uploads/{user}/a.jpg"), "older");
        world.add_version(&format!("user-uploads/{user}/without-item.jpg"), "v");
        world.add_dead_letter(&format!("user-uploads/{user}/without-item.jpg"));
    }
    world
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_erased_is_left_and_everything_of_the_others() {
    let world = stack();
    let subject = Subject::user(ERASED.to_owned());
    let others = world.of_others(&subject);
    assert!(!others.is_empty());

    let report = world.erase(&subject, execute()).await.unwrap();

    assert!(world.is_free_of(&subject), "{world:#?}");
    assert_eq!(world.of_others(&subject), others);
    assert!(report.left.is_empty());
    assert_eq!((report.found, report.under_way), (report.erased_with_images(), 0));
    assert!(report.again_after.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_counts_and_changes_nothing() {
    let world = stack();
    let subject = Subject::user(ERASED.to_owned());
    let before = world.all();
    let report = world.erase(&subject, Options { execute: false, ..execute() }).await.unwrap();
    assert_eq!(world.all(), before);
    let found = report.found;
    assert_eq!((found.images, found.originals, found.thumbnails, found.items), (3, 4, 6, 2));
    assert_eq!((found.dead_letters, found.user, report.erased.is_empty()), (1, true, true));
}

#[tokio::test(start_paused = true)]
async fn a_run_killed_at_any_call_is_finished_by_the_next() {
    let subject = Subject::user(ERASED.to_owned());
    let mut deaths = 0;
    loop {
        let world = stack();
        let others = world.of_others(&subject);
        world.dies_after(deaths);
        let killed = world.erase(&subject, execute()).await.is_err();
        world.lives();
        // By what may be known of them: the address is not, once the pool has forgotten them.
        let again = Subject::find(&world, ERASED).await.unwrap();
        let report = world.erase(&again, execute()).await.unwrap();
        assert!(report.left.is_empty() && world.is_free_of(&subject), "killed at call {deaths}: {world:#?}");
        assert_eq!(world.of_others(&subject), others, "killed at call {deaths}");
        if !killed {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 30, "{deaths}");
}

#[tokio::test(start_paused = true)]
async fn an_image_is_erased_alone_and_a_run_killed_at_any_call_is_finished_by_its_id() {
    let key = format!("user-uploads/{ERASED}/a.jpg");
    let id = image_id(&key).to_string();
    for deaths in 0.. {
        let world = stack();
        let subject = Subject::find(&world, &id).await.unwrap();
        assert_eq!(subject, Subject::Image { id: image_id(&key), key: key.clone() });
        let others = world.of_others(&subject);
        world.dies_after(deaths);
        let killed = world.erase(&subject, execute()).await.is_err();
        world.lives();
        let again = Subject::find(&world, &id).await.unwrap();
        world.erase(&again, execute()).await.unwrap();
        assert!(world.is_free_of(&subject), "killed at call {deaths}: {world:#?}");
        assert_eq!(world.of_others(&subject), others, "its user and the user's other images too");
        if !killed {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_attempt_writes_that_had_begun_is_erased_too() {
    for late in [Late::Claims, Late::PutsThumbnail, Late::Persists] {
        let world = stack();
        let subject = Subject::user(ERASED.to_owned());
        // The attempt had the original in memory when the originals went.
        world.writes_once_gone(&format!("user-uploads/{ERASED}/a.jpg"), late);
        let report = world.erase(&subject, execute()).await.unwrap();
        assert!(report.left.is_empty() && world.is_free_of(&subject), "{late:?}: {world:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_under_way_is_waited_for_and_counted_where_it_does_not_end() {
    for ends in [true, false] {
        let world = stack();
        let subject = Subject::user(ERASED.to_owned());
        let key = format!("user-uploads/{ERASED}/new.jpg");
        world.add_version(&key, "v");
        world.is_young(&key);
        if ends {
            world.is_done_at_look(&key, 5);
        }
        let looked = world.erase(&subject, Options { execute: false, ..execute() }).await.unwrap();
        assert_eq!(looked.under_way, 1);
        let report = world.erase(&subject, execute()).await.unwrap();
        assert_eq!(report.under_way, u64::from(!ends));
        assert!(world.is_free_of(&subject));
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_is_kept_while_something_is_left_so_that_the_same_words_find_it() {
    let world = stack();
    let subject = Subject::user(ERASED.to_owned());
    world.refuses_to_delete(Bucket::Originals, &format!("user-uploads/{ERASED}/a.jpg"));
    let report = world.erase(&subject, execute()).await.unwrap();
    assert_eq!((report.left.originals, report.left.user, report.erased.user), (2, true, false));
    assert!(!world.is_free_of(&subject));
}

#[tokio::test(start_paused = true)]
async fn a_user_is_signed_out_before_anything_is_erased() {
    let world = stack();
    let subject = Subject::user(ERASED.to_owned());
    world.erase(&subject, execute()).await.unwrap();
    let calls = world.calls();
    let first = |name: &str| calls.iter().position(|call| call == name).unwrap();
    assert!(first("sign_out") < first("delete_version"), "{calls:?}");
    assert_eq!(calls.iter().rfind(|call| call.starts_with("delete")).unwrap(), "delete_user");
}

#[tokio::test(start_paused = true)]
async fn a_name_is_an_address_an_id_or_a_key_and_nothing_shorter() {
    let world = stack();
    let found = Subject::find(&world, &format!("{ERASED}@example.com")).await.unwrap();
    assert_eq!(found, Subject::user(ERASED.to_owned()));
    assert!(matches!(Subject::find(&world, "nobody@example.com").await, Err(SubjectError::NoSuchUser)));
    for short in ["", "1111", "user-uploads/", "user-uploads//", "user-uploads/u", "*"] {
        assert!(matches!(Subject::find(&world, short).await, Err(SubjectError::Malformed(_))), "{short}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_another_object_owns_is_not_theirs() {
    let world = stack();
    // A key of theirs that holds the id of somebody else's image, as releases before certified ids took it.
    let other = format!("user-uploads/{}/a.jpg", OTHERS[1]);
    world.add_version(&format!("user-uploads/{ERASED}/{}.jpg", image_id(&other)), "v");
    let subject = Subject::user(ERASED.to_owned());
    let others = world.of_others(&subject);
    world.erase(&subject, execute()).await.unwrap();
    assert_eq!(world.of_others(&subject), others);
}
