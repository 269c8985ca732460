//! The engine's process: it starts fast, refuses clearly, and never outlives whoever started it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aws_client::Aws;
use local_stack::engine::{Engine, Launch, StartError, Venv};
use serde_json::json;

use crate::lab::{REGION, credentials, start, venv};
use crate::script::write_script;

/// Processes of a group that still run; the dead that wait for their parent do not count.
pub(crate) fn alive(group: i32) -> usize {
    let list = Command::new("ps").args(["-A", "-o", "pgid=,stat="]).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let processes = list.lines().filter_map(|line| line.trim().split_once(' '));
    processes.filter(|(of, state)| *of == group.to_string() && !state.trim().starts_with('Z')).count()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn stopped_engine_leaves_no_process_and_frees_its_port() {
    let directory = tempfile::tempdir().unwrap();
    let engine = start(directory.path(), 0).await.unwrap();
    let group = engine.processes().group;
    let port: u16 = engine.endpoint().rsplit(':').next().unwrap().parse().unwrap();
    assert!(alive(group) > 0);

    engine.stop().await.unwrap();

    assert_eq!(alive(group), 0);
    wait_until("the end of the socket", || TcpListener::bind(("127.0.0.1", port)).is_ok());
}

#[tokio::test]
async fn dropped_engine_leaves_no_process() {
    let directory = tempfile::tempdir().unwrap();
    let engine = start(directory.path(), 0).await.unwrap();
    let group = engine.processes().group;
    drop(engine);
    wait_until("the end of the engine", || alive(group) == 0);
}

#[tokio::test]
async fn engine_dies_with_a_parent_that_is_killed() {
    venv().await;
    let directory = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples/engine");
    let parent = Command::new(program).arg(directory.path()).stdout(Stdio::piped()).spawn();
    let mut parent = parent.expect("`cargo test` builds examples, `cargo test --test engine` does not");
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut words = line.split_whitespace();
    let (endpoint, group) = (words.next().unwrap(), words.next().unwrap());
    let group: i32 = group.parse().unwrap();
    assert!(alive(group) > 0);
    TcpStream::connect(endpoint.trim_start_matches("http://")).unwrap();

    parent.kill().unwrap();
    parent.wait().unwrap();

    wait_until("the end of the engine", || alive(group) == 0);
    // Its last thread closes the socket, a moment after the process counts as dead.
    wait_until("the end of the socket", || {
        TcpStream::connect(endpoint.trim_start_matches("http://")).is_err()
    });
}

#[tokio::test]
async fn connection_is_closed_as_soon_as_its_client_has_gone() {
    let directory = tempfile::tempdir().unwrap();
    let engine = start(directory.path(), 0).await.unwrap();
    let mut connection = TcpStream::connect(engine.endpoint().trim_start_matches("http://")).unwrap();
    // Long before it would be ended because it is idle, after 75 s.
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    connection.write_all(b"GET /_ministack/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    assert!(connection.read(&mut [0; 4096]).unwrap() > 0);

    connection.shutdown(Shutdown::Write).unwrap();

    let mut rest = Vec::new();
    connection.read_to_end(&mut rest).expect("the engine should close it too");
}

#[tokio::test]
async fn busy_port_is_refused_with_the_flag_that_helps() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();

    let error = start(directory.path(), port).await.unwrap_err();

    let message = error.to_string();
    assert!(
        message.contains(&format!("port {port} is in use")) && message.contains("--engine-port"),
        "{message}"
    );
}

#[tokio::test]
async fn engine_that_ends_on_start_shows_the_last_lines_of_its_log() {
    let directory = tempfile::tempdir().unwrap();
    let python = directory.path().join("python");
    write_script(&python, "echo 'ModuleNotFoundError: hypercorn' >&2; exit 3");
    let venv = Venv { python };
    let launch =
        Launch { venv: &venv, directory: directory.path(), port: 0, region: REGION, environment: &[] };

    let error = Engine::start(launch).await.unwrap_err();

    assert!(matches!(error, StartError::Ended { .. }));
    assert!(error.to_string().contains("ModuleNotFoundError: hypercorn"), "{error}");
}

#[tokio::test]
async fn our_signatures_are_accepted_where_signatures_are_checked() {
    let directory = tempfile::tempdir().unwrap();
    let engine = start(directory.path(), 0).await.unwrap();
    let root = Aws::new(engine.endpoint(), REGION, engine.root_credentials().clone());
    let (id, secret) = user_with_a_key(&root).await;

    let user = Aws::new(engine.endpoint(), REGION, credentials(&id, &secret));
    let created = user.json("sqs", "AmazonSQS.CreateQueue", json!({"QueueName": "signed"})).await.unwrap();
    assert!(created["QueueUrl"].as_str().unwrap().ends_with("/signed"));
    let here = format!(
        "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
    );
    user.rest("s3", http::Method::PUT, "/a-bucket", here.into_bytes(), &[]).await.unwrap();
    let key = "/a-bucket/a%20key%2Bplus?x-id=PutObject";
    user.rest("s3", http::Method::PUT, key, b"bytes".to_vec(), &[]).await.unwrap();
    let topics = user.query("sns", "2010-03-31", "ListTopics", &[]).await.unwrap();
    assert!(topics.contains("ListTopicsResponse"), "{topics}");

    let forger = Aws::new(engine.endpoint(), REGION, credentials(&id, "not the secret"));
    let refused = forger.json("sqs", "AmazonSQS.ListQueues", json!({})).await.unwrap_err();
    assert!(refused.code().unwrap().contains("Signature"), "{refused}");
    engine.stop().await.unwrap();
}

/// A user who may do everything.
async fn user_with_a_key(root: &Aws) -> (String, String) {
    let user = ("UserName", "operator");
    root.query("iam", "2010-05-08", "CreateUser", &[user]).await.unwrap();
    let policy =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let policy = policy.to_string();
    let params = [user, ("PolicyName", "all"), ("PolicyDocument", policy.as_str())];
    root.query("iam", "2010-05-08", "PutUserPolicy", &params).await.unwrap();
    let key = root.query("iam", "2010-05-08", "CreateAccessKey", &[user]).await.unwrap();
    let text = |tag| aws_client::xml::first(&key, tag).unwrap();
    (text("AccessKeyId"), text("SecretAccessKey"))
}
