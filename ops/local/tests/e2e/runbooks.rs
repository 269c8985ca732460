//! Every command of every runbook, run on a stack that has the trouble, and held to what the runbook promises.
//!
//! - `book` reads the runbooks
//! - `session` the shell that its commands run in
//! - `reader` follows one, block by block
//! - `troubles` causes the trouble, mends what no command mends, and knows what a reader would have found out

mod book;
mod reader;
mod session;
mod troubles;

use std::collections::BTreeSet;

use book::Mark;
use reader::{Reader, read};
use troubles::{api, metrics, processor, queue, releases, services};

use crate::harness::root;

macro_rules! runbooks {
    ($($name:ident: $trouble:path,)*) => {
        $(
            #[tokio::test]
            #[ignore = "takes ten seconds"]
            async fn $name() {
                let mut reader = Reader::of(&stringify!($name).replace('_', "-")).await;
                $trouble(&mut reader).await;
                reader.rest().await;
            }
        )*
        /// Each runbook that is followed.
        const FOLLOWED: &[&str] = &[$(stringify!($name)),*];
    };
}

runbooks! {
    api_5xx: api::signer_dies,
    api_latency: api::signer_hangs,
    bucket_almost_full: services::bucket_holds_something,
    deploy_rollback: releases::release_is_bad,
    dlq_aging: queue::messages_lie_there,
    dlq_not_empty: queue::upload_and_poison_fail,
    dynamodb_errors: services::table_refuses,
    game_day: releases::players_come,
    lambda_throttles: queue::processor_has_no_room,
    processing_stopped: queue::everything_is_off_while_uploads_come,
    processor_crashing: processor::image_kills_it,
    processor_slow: processor::image_takes_long,
    queue_backlog: queue::everything_is_off,
    s3_metrics_failing: metrics::bucket_cannot_be_listed,
    s3_metrics_heartbeat: metrics::schedule_is_off,
    slo_burn: processor::images_fail_once,
    slo_burn_slow: processor::images_fail_once,
    sns_delivery_failed: services::topic_has_failed,
    traces_missing: processor::upload_is_looked_for,
    traffic_anomaly: api::clients_are_refused,
}

#[tokio::test]
#[ignore = "takes ten seconds"]
async fn readme() {
    let mut reader = Reader::of_page("README.md").await;
    processor::upload_is_looked_for(&mut reader).await;
    reader.rest().await;
}

#[tokio::test]
#[ignore = "takes ten seconds"]
async fn deployment_guide() {
    Reader::of_page("docs/guide/README.md").await.rest().await;
}

/// The file names of all runbooks.
fn pages() -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("runbooks")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_runbook_states_how_the_shell_gets_the_local_stacks_key() {
    for page in pages() {
        let text = std::fs::read_to_string(root().join("runbooks").join(&page)).unwrap();
        assert!(text.contains(&format!("`{}`", session::ENVIRONMENT.trim())), "{page}");
    }
}

#[test]
fn every_runbook_is_followed() {
    let followed = FOLLOWED.iter().map(|name| format!("{}.md", name.replace('_', "-")));
    assert_eq!(followed.collect::<BTreeSet<_>>(), pages());
}

#[test]
#[expect(clippy::print_stdout, reason = "what the run of CI shows of it")]
fn every_command_has_its_output_stated_and_only_sam_cannot_run_here() {
    let (mut run, mut excused) = (0, Vec::new());
    for page in pages() {
        for block in read(&page).unwrap_or_else(|why| panic!("{why}")) {
            match block.mark {
                Mark::NotHere(reason) => {
                    assert!(block.script.contains("sam "), "{page}:{}: {reason}", block.line);
                    excused.push(format!("{page}:{}: {reason}", block.line));
                }
                Mark::Prints(_) | Mark::PrintsNothing => run += 1,
            }
        }
    }
    println!("{run} blocks of commands are run, {} are not:\n{}", excused.len(), excused.join("\n"));
    assert!(run > 100, "{run} blocks are no runbooks");
}
