//! Drills on a stack of their own, whose minutes are seconds. `DRILLS=all` runs every file, `DRILLS=hang,poison` these two.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a helper fails the test"
)]

use std::path::PathBuf;
use std::time::Duration;

use drill::file::Drill;
use drill::neighbour::Ops;
use drill::runner::run;
use drill::series::run_all;
use http::Method;
use local_stack::stack::{Options, Stack, StackInfo, StateError, UpError};
use serde_json::{Value, json};

/// One of each kind of fault, quickest first: what the gate runs.
const OF_THE_GATE: [&str; 6] = [
    "corrupt-burst",
    "reset-after-effect",
    "consumer-off-under-load",
    "throttled-table",
    "listing-denied",
    "poison",
];

/// As many stacks may run side by side, so that two test runs do not meet.
const SIDE_BY_SIDE: usize = 10;

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// `ops` as the workspace builds it.
fn ops() -> Ops {
    let arguments = ["run", "--quiet", "--package", "ops", "--"].map(Into::into).into();
    Ops { program: env!("CARGO").into(), arguments, root: root() }
}

async fn up() -> Stack {
    for number in 1..=SIDE_BY_SIDE {
        let options = Options {
            name: format!("drill-{number}"),
            engine_port: 0,
            console_port: 0,
            clock_rate: 60,
            parameters: [("StatusApi".to_owned(), "enabled".to_owned())].into(),
            root: root(),
            cargo: env!("CARGO").into(),
            ..Options::default()
        };
        match Stack::up(options, &()).await {
            Err(UpError::State(StateError::Running(_))) => {}
            up => return up.unwrap_or_else(|error| panic!("{error}: {error:?}")),
        }
    }
    panic!("{SIDE_BY_SIDE} stacks run already");
}

#[tokio::test]
#[ignore = "takes minutes"]
#[expect(clippy::print_stdout, reason = "what the run of CI shows of it")]
async fn drills_go_as_their_files_state() {
    let mut drills = Drill::all(&root()).unwrap();
    let asked = std::env::vars().find_map(|(name, value)| (name == "DRILLS").then_some(value));
    if asked.as_deref() != Some("all") {
        let names = asked.as_deref().map_or(OF_THE_GATE.to_vec(), |names| names.split(',').collect());
        drills.retain(|drill| names.contains(&drill.name.as_str()));
        assert_eq!(drills.len(), names.len(), "one of {names:?} is no drill");
    }
    let stack = up().await;
    let report = run_all(&stack.info, &drills, &ops(), &()).await.unwrap();
    stack.down().await.unwrap();
    println!("{}", report.markdown());
    let wrong: Vec<_> = report.drills.iter().filter(|outcome| !outcome.is_ok()).collect();
    assert!(!report.drills.is_empty() && wrong.is_empty(), "{wrong:#?}");
}

async fn consumer(info: &StackInfo) -> bool {
    let list = "/2015-03-31/event-source-mappings/";
    let answer = info.aws().rest("lambda", Method::GET, list, Vec::new(), &[]).await.unwrap();
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    answer["EventSourceMappings"][0]["State"] == "Enabled"
}

async fn users(info: &StackInfo) -> usize {
    let pool = json!({"UserPoolId": info.output("UserPoolId").unwrap()});
    let target = "AWSCognitoIdentityProviderService.ListUsers";
    let answer = info.aws().json("cognito-idp", target, pool).await.unwrap();
    answer["Users"].as_array().unwrap().len()
}

async fn until(condition: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_mins(3), async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap();
}

#[tokio::test]
#[ignore = "takes half a minute"]
async fn drill_that_is_interrupted_leaves_no_fault_and_no_user_behind() {
    let stack = up().await;
    let (info, before) = (&stack.info, users(&stack.info).await);
    let drill = Drill::all(&root()).unwrap().into_iter().find(|drill| drill.name == "consumer-off").unwrap();
    let ops = ops();
    tokio::select! {
        outcome = run(info, &drill, &ops, &()) => panic!("it ended before: {outcome:?}"),
        () = until(async || !consumer(info).await) => {}
    }

    until(async || consumer(info).await && users(info).await == before).await;

    stack.down().await.unwrap();
}
