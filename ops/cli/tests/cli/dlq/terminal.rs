//! `ops dlq` at a terminal: mistyped names, narrow windows, pipes that close.

use serde_json::json;

use super::harness::QueueHarness;
use super::{TRACED, mixed};
use crate::{document, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_named_message_or_image_that_is_not_there_is_no_success() {
    let harness = QueueHarness::start().await;
    let queues = mixed(&harness).await;
    let other = "0193a5b2-7c41-7d0e-9f00-5be2a1c0ff0a";
    for words in [
        &["redrive", "--id", "nope"][..],
        &["redrive", "--id", "nope", "--execute"],
        &["redrive", "--image-id", other, "--json"],
        &["drop", "--id", "nope"],
        &["drop", "--id", "nope", "--execute", "--json"],
        &["drop", "--image-id", other],
    ] {
        let output = harness.ops(&queues, words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", text(&output.stderr));
        let shown = text(&output.stderr);
        assert!(
            shown.contains("error: there is no message") && shown.contains(words[2]),
            "{words:?}: {shown}"
        );
    }
    assert_eq!((harness.counts(&queues.dead).await, harness.counts(&queues.source).await), ((4, 0), (0, 0)));

    // What is there is done, and what is not is named.
    let list = document(&harness.ops(&queues, &["list", "--json"]));
    let id = list["causes"][1]["messages"][0]["message_id"].as_str().unwrap();
    let both =
        harness.ops(&queues, &["redrive", "--id", id, "--id", "nope", "--execute", "--rate", "50", "--json"]);
    assert_eq!((both.status.code(), &document(&both)["done"]), (Some(2), &json!(1)));
    assert_eq!(harness.counts(&queues.source).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn list_and_show_fit_sixty_columns_and_end_quietly_when_nobody_reads() {
    let harness = QueueHarness::start().await;
    let queues = mixed(&harness).await;
    let list = document(&harness.ops(&queues, &["list", "--json"]));
    let id = list["causes"][1]["messages"][0]["message_id"].as_str().unwrap();
    for words in [&["list"][..], &["show", id], &["redrive"], &["drop", "--cause", "malformed"]] {
        let output = harness.command(&queues, words).env("COLUMNS", "60").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", text(&output.stderr));
        let shown = text(&output.stdout);
        assert!(shown.lines().all(|line| line.chars().count() <= 60), "{words:?}: {shown}");
        let is_missing = |fact: &&str| words[0] != "drop" && !shown.contains(fact);
        assert_eq!([TRACED, super::TRACE, id].into_iter().find(is_missing), None, "{words:?}: {shown}");
        for json in [&[][..], &["--json"]] {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let mut command = harness.command(&queues, &[words, json].concat());
            let output = command.stdout(writer).spawn().unwrap().wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{words:?} {json:?}: {}", text(&output.stderr));
            assert!(!text(&output.stderr).contains("error"), "{words:?}: {}", text(&output.stderr));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_cloudformation_does_not_know_is_answered_with_the_nearest() {
    let harness = QueueHarness::start().await;
    let template = r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}"#;
    let ask = [("StackName", "image-pipeline"), ("TemplateBody", template)];
    harness.aws.query("cloudformation", "2010-05-15", "CreateStack", &ask).await.unwrap();

    let output = harness.on_stack(&["list", "--stack", "image-pipelin"]);

    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(text(&output.stderr).contains("did you mean image-pipeline?"), "{}", text(&output.stderr));
}
