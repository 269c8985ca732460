use std::collections::VecDeque;
use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use aws_client::{Aws, Credentials};
use serde_json::{Value, json};

use super::*;
use crate::queue::Queue;
use crate::testing::request;

/// SQS with a dead-letter queue. A message's id is its body too, and becomes another one when it is sent again.
#[derive(Debug, Default)]
struct Sqs {
    /// The ids that each receive returns; nothing afterwards.
    receives: VecDeque<Vec<&'static str>>,
    /// The messages that may not be sent, and those that may not be deleted.
    unsendable: &'static [&'static str],
    undeletable: &'static [&'static str],
    /// What was tried, in order.
    sends: Vec<String>,
    deletes: Vec<String>,
    given_back: Vec<String>,
}

impl Sqs {
    fn answer(&mut self, operation: &str, ask: &Value) -> Option<Value> {
        let text = |name: &str| ask[name].as_str().unwrap_or_default().to_owned();
        match operation {
            "ReceiveMessage" => {
                let message = |id| json!({"MessageId": id, "ReceiptHandle": id, "Body": id});
                let ids = self.receives.pop_front().unwrap_or_default();
                Some(json!({"Messages": ids.into_iter().map(message).collect::<Vec<_>>()}))
            }
            "SendMessage" => {
                self.sends.push(text("MessageBody"));
                let may = !self.unsendable.contains(&text("MessageBody").as_str());
                may.then(|| json!({"MessageId": format!("{}-again", text("MessageBody"))}))
            }
            "DeleteMessage" => {
                self.deletes.push(text("ReceiptHandle"));
                let may = !self.undeletable.contains(&text("ReceiptHandle").as_str());
                may.then(|| json!({}))
            }
            "ChangeMessageVisibilityBatch" => {
                let receipts = ask["Entries"].as_array().unwrap().iter();
                self.given_back.extend(receipts.map(|it| it["ReceiptHandle"].as_str().unwrap().to_owned()));
                Some(json!({}))
            }
            _ => None,
        }
    }
}

/// Answers at the returned address for as long as the tests run.
fn serve(sqs: Arc<Mutex<Sqs>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let asked = request(&mut BufReader::new(&connection));
            let (head, body) = asked.split_once('{').unwrap();
            let operation = head.trim().rsplit('.').next().unwrap();
            let ask = serde_json::from_str(&format!("{{{body}")).unwrap();
            let answer = sqs.lock().unwrap().answer(operation, &ask);
            let status = if answer.is_some() { "200 OK" } else { "400 Bad Request" };
            let body = answer.unwrap_or_else(|| json!({"__type": "AccessDenied"})).to_string();
            let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}", body.len());
            write!(connection, "{head}\r\n\r\n{body}").unwrap();
        }
    });
    address
}

/// Redrives all messages but those that are called `skip`; returns why it stopped, what it reported, and what SQS has seen.
async fn redriven(sqs: Sqs) -> (Option<Stop>, Vec<(String, bool)>, Sqs) {
    let sqs = Arc::new(Mutex::new(sqs));
    let address = serve(Arc::clone(&sqs));
    let (access_key_id, secret_access_key) = ("AKIDEXAMPLE".into(), "secret".into());
    let credentials = Credentials { access_key_id, secret_access_key, session_token: None };
    let aws = Aws::new(&address, "ap-northeast-1", credentials);
    let (queue, to) = (Queue { aws: &aws, url: "dlq" }, Queue { aws: &aws, url: "queue" });
    let directory = tempfile::tempdir().unwrap();
    let task = Task {
        from: DeadLetters { queue, table: None, bucket: None },
        action: Action::Redrive(to),
        audit: &directory.path().join("audit.jsonl"),
        operator: Operator { os_user: "test".to_owned(), aws_identity: None },
        rate: NonZeroU32::MAX,
        hold_seconds: 60,
    };
    let mut reported = Vec::new();
    let stop = task
        .run(
            |classified| !classified.message.id.starts_with("skip"),
            |classified, moved| reported.push((classified.message.id.clone(), moved.is_done())),
        )
        .await
        .unwrap();
    let seen = std::mem::take(&mut *sqs.lock().unwrap());
    (stop, reported, seen)
}

#[tokio::test]
async fn a_task_ends_with_the_queue_and_moves_what_is_selected_alone() {
    let (stop, reported, seen) =
        redriven(Sqs { receives: [vec!["a", "skip"], vec!["b"]].into(), ..Sqs::default() }).await;
    assert_eq!(
        (stop, seen.sends, seen.deletes),
        (None, vec!["a".into(), "b".into()], vec!["a".into(), "b".into()])
    );
    assert_eq!(reported, [("a".to_owned(), true), ("b".to_owned(), true)]);
    assert_eq!(seen.given_back, ["skip"]);
}

#[tokio::test]
async fn a_message_that_has_come_back_stops_the_task_before_anything_else_is_moved() {
    let receives = [vec!["a"], vec!["b", "a-again", "c"]].into();
    let (stop, _, seen) = redriven(Sqs { receives, ..Sqs::default() }).await;
    assert_eq!((stop, seen.sends), (Some(Stop::CameBack), vec!["a".into(), "b".into()]));
    assert_eq!(seen.given_back, ["a-again", "c"]);
}

/// The messages that may not be sent, those that may not be deleted, and the deletions that are tried.
type Refusals = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);
const REFUSALS: [Refusals; 3] = [
    (&["a", "b", "c", "d"], &[], &[]),
    (&[], &["a", "b", "c", "d"], &["a", "b", "c"]),
    (&["b"], &["a", "c"], &["a", "c"]),
];

#[tokio::test]
async fn three_refusals_in_a_row_stop_the_task_whether_of_the_send_or_of_the_deletion() {
    for (unsendable, undeletable, deletes) in REFUSALS {
        let receives = [vec!["a", "b", "skip", "c", "d"]].into();
        let sqs = Sqs { receives, unsendable, undeletable, ..Sqs::default() };
        let (stop, reported, seen) = redriven(sqs).await;
        assert_eq!((stop, seen.sends), (Some(Stop::Refusals), vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(seen.deletes, deletes);
        assert_eq!(reported, ["a", "b", "c"].map(|id| (id.to_owned(), false)));
        assert_eq!(seen.given_back, ["a", "b", "skip", "c", "d"], "all of them are still there");
    }
}

#[tokio::test]
async fn a_message_that_moves_ends_the_row_of_refusals() {
    let receives = [vec!["a", "b", "well", "c", "d"]].into();
    let sqs = Sqs { receives, unsendable: &["a", "b", "c", "d"], ..Sqs::default() };
    let (stop, reported, seen) = redriven(sqs).await;
    assert_eq!((stop, seen.sends.len()), (None, 5));
    let done: Vec<bool> = reported.into_iter().map(|(_, is_done)| is_done).collect();
    assert_eq!(done, [false, false, true, false, false]);
}
