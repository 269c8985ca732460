//! The age of the oldest message, as SQS reports it: without what is received again and again.

use aws_client::Aws;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};

use crate::lab::Lab;

/// A lab, and what its engine reports about queues.
struct Queues {
    lab: Lab,
    aws: Aws,
    reports: Lines<BufReader<TcpStream>>,
}

impl Queues {
    /// Clocks that fast are sampled four times a second.
    async fn start() -> Self {
        Self::start_at("20").await
    }

    async fn start_at(clock_rate: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let environment = [("SERVICE_METRICS", address), ("CLOCK_RATE", clock_rate.to_owned())];
        let lab = Lab::start_with(&environment.map(|(name, value)| (name.to_owned(), value))).await;
        let (connection, _) = listener.accept().await.unwrap();
        Self { aws: lab.aws(), lab, reports: BufReader::new(connection).lines() }
    }

    async fn call(&self, action: &str, input: Value) -> Value {
        self.aws.json("sqs", &format!("AmazonSQS.{action}"), input).await.unwrap()
    }

    /// Creates a queue, and gives its URL.
    async fn create(&self, name: &str, attributes: Value) -> String {
        let created = self.call("CreateQueue", json!({"QueueName": name, "Attributes": attributes})).await;
        created["QueueUrl"].as_str().unwrap().to_owned()
    }

    async fn receive(&self, url: &str) -> usize {
        let received = self.call("ReceiveMessage", json!({"QueueUrl": url, "VisibilityTimeout": 0})).await;
        received["Messages"].as_array().map_or(0, Vec::len)
    }

    async fn report(&mut self) -> Value {
        let line = self.reports.next_line().await.unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// When the next sample of a queue was taken.
    async fn sampled(&mut self, name: &str) -> f64 {
        loop {
            let report = self.report().await;
            if report["dimensions"]["QueueName"] == name && report["name"] == "NumberOfMessagesSent" {
                return report["at"].as_f64().unwrap();
            }
        }
    }

    /// When the oldest message of a queue arrived, by the next sample that began after this call.
    async fn oldest(&mut self, name: &str) -> Option<f64> {
        let now = seconds();
        let of_queue = |report: &Value| report["dimensions"]["QueueName"] == name;
        // The age is the last report of a sample, and all of one have the same time.
        let counted = loop {
            let report = self.report().await;
            if of_queue(&report) && report["at"].as_f64().unwrap() > now {
                break report["at"].clone();
            }
        };
        loop {
            let report = self.report().await;
            if of_queue(&report) && report["at"] != counted {
                return None;
            }
            if of_queue(&report) && report["name"] == "ApproximateAgeOfOldestMessage" {
                return report["since"].as_f64();
            }
        }
    }
}

fn seconds() -> f64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64()
}

#[tokio::test]
async fn queues_are_sampled_as_often_as_a_clock_wants_whose_rate_changes() {
    let mut queues = Queues::start_at("1").await;
    queues.create("sampled", json!({})).await;
    queues.reports.get_mut().write_all(b"20\n").await.unwrap();
    // The sample under way when the rate changed may be of the old one.
    queues.sampled("sampled").await;
    let (one, other) = (queues.sampled("sampled").await, queues.sampled("sampled").await);
    assert!(other - one < 2.5, "{} s, where the day's clock is sampled every five", other - one);
    queues.lab.stop().await;
}

#[tokio::test]
async fn a_message_received_three_times_is_left_out_of_the_age_and_the_next_one_counts() {
    let mut queues = Queues::start().await;
    let url = queues.create("poisoned", json!({})).await;
    assert_eq!(queues.oldest("poisoned").await, None);

    queues.call("SendMessage", json!({"QueueUrl": url, "MessageBody": "poison"})).await;
    for receives in 0..3 {
        assert!(queues.oldest("poisoned").await.is_some(), "received {receives} times");
        assert_eq!(queues.receive(&url).await, 1);
    }
    assert_eq!(queues.oldest("poisoned").await, None);

    let later = seconds();
    queues.call("SendMessage", json!({"QueueUrl": url, "MessageBody": "punctual"})).await;
    assert!(queues.oldest("poisoned").await.unwrap() > later);
    queues.lab.stop().await;
}

#[tokio::test]
async fn the_age_in_a_dead_letter_queue_counts_from_the_move_and_so_do_the_receives() {
    let mut queues = Queues::start().await;
    let dead = queues.create("dead", json!({})).await;
    let named = json!({"QueueUrl": dead, "AttributeNames": ["QueueArn"]});
    let arn = queues.call("GetQueueAttributes", named).await["Attributes"]["QueueArn"].clone();
    let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 3}).to_string();
    let url = queues.create("source", json!({"RedrivePolicy": policy})).await;
    queues.call("SendMessage", json!({"QueueUrl": url, "MessageBody": "poison"})).await;
    for _ in 0..3 {
        assert_eq!(queues.receive(&url).await, 1);
    }
    let before_the_move = seconds();
    assert_eq!(queues.receive(&url).await, 0);

    assert!(queues.oldest("dead").await.unwrap() >= before_the_move);
    assert_eq!(queues.oldest("source").await, None);
    for _ in 0..3 {
        assert_eq!(queues.receive(&dead).await, 1);
    }
    assert_eq!(queues.oldest("dead").await, None);
    queues.lab.stop().await;
}
