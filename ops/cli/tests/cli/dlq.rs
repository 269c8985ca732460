//! `ops dlq` on queues of a real engine, by the variables that it takes on AWS.

mod harness;
mod kills;
mod terminal;
mod tls;

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::{document, text};
use harness::{QueueHarness, Queues, TRACE, notification};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
const POISON: &str = "poison of jane@example.com, eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";

/// Image ids of the mixed messages.
const TRACED: &str = "019b76da-a0ab-8000-8000-062677a2a801";
const PLAIN: &str = "019b76da-a0ab-8000-8000-099d3728bd51";
const DONE: &str = "019b76da-a0ab-8000-8000-0fa22961ec11";

/// A poison body, an upload with a trace, one without that was claimed, and one that is done.
async fn mixed(harness: &QueueHarness) -> Queues {
    let queues = harness.queues().await;
    let attributes = json!({
        "traceparent": {"DataType": "String", "StringValue": TRACEPARENT},
        "count": {"DataType": "Number", "StringValue": "7"},
        "bytes": {"DataType": "Binary", "BinaryValue": "AAEC"},
    });
    let header = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": HEADER}});
    let traced = json!({"MessageAttributes": attributes, "MessageSystemAttributes": header});
    harness.send(&queues.dead, POISON, json!({})).await;
    harness.send(&queues.dead, &notification(TRACED), traced).await;
    harness.send(&queues.dead, &notification(PLAIN), json!({})).await;
    harness.send(&queues.dead, &notification(DONE), json!({})).await;
    harness.record(&queues.table, PLAIN, "PROCESSING", false).await;
    harness.record(&queues.table, DONE, "DONE", true).await;
    queues
}

/// Cause, image and trace of every message of a list or a report.
fn facts<'a>(messages: impl Iterator<Item = &'a Value>) -> BTreeMap<String, (Value, Value)> {
    messages
        .map(|it| {
            (it["cause"].as_str().unwrap().to_owned(), (it["image_id"].clone(), it["trace_id"].clone()))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn list_groups_by_cause_and_gives_every_message_back() {
    let harness = QueueHarness::start().await;
    let queues = mixed(&harness).await;

    let output = harness.ops(&queues, &["list", "--json"]);

    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let list = document(&output);
    assert_eq!((&list["count"], &list["complete"]), (&json!(4), &json!(true)));
    let groups = list["causes"].as_array().unwrap().iter();
    let messages = groups.flat_map(|group| group["messages"].as_array().unwrap());
    let expected = [
        ("malformed", (Value::Null, Value::Null)),
        ("never-claimed", (json!(TRACED), json!(TRACE))),
        ("unfinished", (json!(PLAIN), Value::Null)),
        ("settled", (json!(DONE), Value::Null)),
    ];
    assert_eq!(facts(messages), expected.map(|(cause, rest)| (cause.to_owned(), rest)).into());
    assert_eq!(harness.counts(&queues.dead).await, (4, 0), "all are visible to others at once");

    let output = harness.ops(&queues, &["list"]);
    let table = text(&output.stdout);
    for expected in [
        "4 messages, grouped by body, and the image's record",
        "RECEIVES",
        PLAIN,
        TRACE,
        "unfinished · 1 message",
    ] {
        assert!(table.contains(expected), "{expected}: {table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_table_uploads_are_one_group_and_the_list_says_why() {
    let harness = QueueHarness::start().await;
    let queues = Queues { table: "no-such-table".to_owned(), ..mixed(&harness).await };
    let list = document(&harness.ops(&queues, &["list", "--json"]));
    let counts: Vec<_> =
        list["causes"].as_array().unwrap().iter().map(|it| (&it["cause"], &it["count"])).collect();
    assert_eq!(counts, [(&json!("malformed"), &json!(1)), (&json!("upload"), &json!(3))]);
    let why = list["record_unreadable"].as_str().unwrap();
    assert!(why.contains("BatchGetItem") && list["grouped_by"] == "body", "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn show_prints_a_message_whole_but_for_secrets() {
    let harness = QueueHarness::start().await;
    let queues = mixed(&harness).await;
    let list = document(&harness.ops(&queues, &["list", "--json"]));
    let id = |group: usize| list["causes"][group]["messages"][0]["message_id"].as_str().unwrap().to_owned();

    let poison = harness.ops(&queues, &["show", &id(0)]);
    let printed = text(&poison.stdout);
    assert!(printed.contains("malformed") && printed.contains("poison of"), "{printed}");
    assert!(!printed.contains("jane@") && !printed.contains("eyJ"), "{printed}");

    let upload = harness.ops(&queues, &["show", &id(1)]);
    let printed = text(&upload.stdout);
    for expected in [
        TRACED,
        TRACE,
        TRACEPARENT,
        HEADER,
        "record    none",
        "\"eventName\": \"ObjectCreated:Put\"",
        "next ",
    ] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    let unknown = harness.ops(&queues, &["show", "no-such-id"]);
    assert_eq!((unknown.status.code(), unknown.stdout.len()), (Some(2), 0));
    let printed = text(&unknown.stderr);
    assert!(printed.contains("no message no-such-id; ") && printed.contains("ops dlq list"), "{printed}");
    let mistyped = id(1).replacen(&id(1)[..1], "x", 1);
    let output = harness.ops(&queues, &["show", &mistyped]);
    assert!(text(&output.stderr).contains(&format!("did you mean {}?", id(1))), "{}", text(&output.stderr));
    assert_eq!(harness.counts(&queues.dead).await, (4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn dry_runs_change_nothing_and_write_nothing() {
    let harness = QueueHarness::start().await;
    let queues = mixed(&harness).await;
    for words in [&["redrive", "--json"][..], &["drop", "--cause", "malformed", "--json"]] {
        let output = harness.ops(&queues, words);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let report = document(&output);
        assert_eq!((&report["executed"], &report["done"]), (&json!(false), &json!(0)));
        let meant = report["messages"].as_array().unwrap().len();
        assert_eq!(meant, if words[0] == "redrive" { 3 } else { 1 }, "{report}");
        assert!(text(&output.stderr).contains("nothing was changed, --execute does it"));
    }
    assert_eq!((harness.counts(&queues.dead).await, harness.counts(&queues.source).await), ((4, 0), (0, 0)));
    assert_eq!(harness.files(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn redrive_keeps_attributes_and_trace_leaves_poison_and_is_audited() {
    let harness = QueueHarness::start().await;
    let queues = mixed(&harness).await;

    let output = harness.ops(&queues, &["redrive", "--execute", "--rate", "50", "--json"]);

    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = document(&output);
    assert_eq!((&report["done"], &report["others"], &report["left"]), (&json!(3), &json!(1), &json!(1)));
    let moved = harness.receive_all(&queues.source).await;
    assert_eq!(moved.len(), 3);
    let traced = moved.iter().find(|it| it["Body"] == notification(TRACED)).unwrap();
    assert_eq!(traced["MessageAttributes"]["traceparent"]["StringValue"], TRACEPARENT);
    assert_eq!(traced["MessageAttributes"]["count"]["DataType"], "Number");
    assert_eq!(traced["MessageAttributes"]["bytes"]["BinaryValue"], "AAEC");
    assert_eq!(traced["Attributes"]["AWSTraceHeader"], HEADER);
    let left = harness.receive_all(&queues.dead).await;
    assert_eq!(left.iter().map(|it| &it["Body"]).collect::<Vec<_>>(), [POISON]);

    let audit = harness.lines("ops-dlq-audit.jsonl");
    assert_eq!(audit.len(), 3);
    let line = audit.iter().find(|line| line["image_id"] == TRACED).unwrap();
    assert_eq!(
        (&line["outcome"], &line["trace_id"], &line["cause"]),
        (&json!("enqueued"), &json!(TRACE), &json!("never-claimed"))
    );
    assert_eq!(line["new_message_id"], traced["MessageId"]);
    assert_eq!((&line["os_user"], &line["to"]), (&json!("tester"), &json!(queues.source)));
    assert!(line["aws_identity"].as_str().unwrap().starts_with("arn:aws:"), "{line}");
    assert!(line["time"].as_str().unwrap().ends_with('Z') && line["message_id"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn drop_writes_the_whole_message_down_before_it_deletes() {
    let harness = QueueHarness::start().await;
    let queues = mixed(&harness).await;

    let unsaid = harness.ops(&queues, &["drop", "--execute"]);
    assert_eq!(unsaid.status.code(), Some(2));
    assert!(text(&unsaid.stderr).contains("--cause"), "{}", text(&unsaid.stderr));
    let nowhere =
        harness.ops(&queues, &["drop", "--cause", "malformed", "--execute", "--evidence", "no/such/file"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert_eq!(harness.counts(&queues.dead).await, (4, 0));

    let output = harness
        .ops(&queues, &["drop", "--cause", "malformed", "--cause", "settled", "--execute", "--rate", "50"]);

    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let evidence = harness.lines("ops-dlq-evidence.jsonl");
    let mut bodies: Vec<_> = evidence.iter().map(|line| line["message"]["Body"].as_str().unwrap()).collect();
    bodies.sort_unstable();
    let mut expected = [POISON.to_owned(), notification(DONE)];
    expected.sort_unstable();
    assert_eq!(bodies, expected);
    assert!(evidence.iter().all(|line| line["message"]["Attributes"]["SentTimestamp"].is_string()));
    assert_eq!((harness.counts(&queues.dead).await, harness.counts(&queues.source).await), ((2, 0), (0, 0)));
    assert_eq!(harness.lines("ops-dlq-audit.jsonl").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn selection_by_image_and_age_leaves_the_others() {
    let harness = QueueHarness::start().await;
    let queues = mixed(&harness).await;
    let young = harness.ops(&queues, &["redrive", "--execute", "--older-than", "1h", "--json"]);
    assert_eq!(document(&young)["others"], 4);
    let one = harness.ops(&queues, &["redrive", "--execute", "--image-id", PLAIN, "--json"]);
    assert_eq!(document(&one)["done"], 1);
    let moved = harness.receive_all(&queues.source).await;
    assert_eq!(moved.iter().map(|it| &it["Body"]).collect::<Vec<_>>(), [&notification(PLAIN)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn redrive_stops_when_what_it_sent_comes_back() {
    let harness = QueueHarness::start().await;
    let queues = harness.queues().await;
    harness.send(&queues.dead, &notification(PLAIN), json!({})).await;
    // A processor on which everything fails at once.
    let failing = tokio::spawn(harness.failing(&queues));

    let output = harness.ops(&queues, &["redrive", "--execute"]);

    failing.abort();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).contains("has come back, so the cause is not mended"),
        "{}",
        text(&output.stdout)
    );
    assert_eq!(harness.lines("ops-dlq-audit.jsonl").len(), 1, "it was sent once");
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_redrive_stops_between_two_messages_and_says_what_is_left() {
    let harness = QueueHarness::start().await;
    let queues = harness.queues().await;
    for number in 0..5 {
        harness.send(&queues.dead, &format!("{number}"), json!({})).await;
    }
    let child = harness
        .command(&queues, &["redrive", "--cause", "malformed", "--execute", "--rate", "1"])
        .spawn()
        .unwrap();
    while harness.lines("ops-dlq-audit.jsonl").is_empty() {
        sleep(Duration::from_millis(20));
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    let moved = harness.counts(&queues.source).await.0;
    assert!(printed.contains("Ctrl-C: stopped between two messages"), "{printed}");
    assert!(printed.contains(&format!("about {} left", 5 - moved)), "{printed}");
    assert_eq!(harness.counts(&queues.dead).await, (5 - moved, 0), "what is left is visible at once");
}

#[test]
fn dlq_help_teaches_and_usage_errors_exit_with_two() {
    let harness = crate::Harness::new();
    for command in ["list", "show", "redrive", "drop"] {
        let help = harness.ops(&["dlq", command, "--help"]);
        let printed = text(&help.stdout);
        assert!(printed.contains("Example") && printed.contains("--queue-url"), "{command}");
    }
    let hold = harness.ops(&["dlq", "list", "--help"]);
    assert!(text(&hold.stdout).contains("hides each message from others"));
    for words in [
        &["dlq"][..],
        &["dlq", "show"],
        &["dlq", "list", "--cause", "nonsense"],
        &["dlq", "redrive", "--rate", "0"],
        &["dlq", "redrive", "--older-than", "soon"],
        &["dlq", "redrive", "--to", "http://q"],
        &["dlq", "list", "--stack", "s", "--queue-url", "u"],
        &["dlq", "list"],
    ] {
        let output = harness.ops(words);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{words:?}");
    }
}
