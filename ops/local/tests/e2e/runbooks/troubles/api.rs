//! Troubles of the API.

use std::time::Duration;

use http::StatusCode;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::harness::Harness;
use crate::processes::functions;
use crate::runbooks::reader::Reader;
use crate::switches::throttle;
use crate::uploader::{ask, bearer, somebody};

const SIGNER: &str = "GenerateUploadUrlFunctionName";

/// The function's process dies with a call in its hands, and a new one may not run; the runbook lets it.
pub(in crate::runbooks) async fn signer_dies(reader: &mut Reader) {
    let harness = reader.harness;
    let (token, (status, answer)) = ask_stopped_signer(harness, 3_000, Signal::SIGKILL).await;
    assert!(status.is_server_error(), "{status} {answer}");
    throttle(harness, SIGNER).await;
    reader.until("Verify").await;
    let (status, answer) = ask(harness, "", Some(&token), &[], "").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// The function's process stops for some seconds, with a call in its hands.
pub(in crate::runbooks) async fn signer_hangs(reader: &mut Reader) {
    let (_, (status, answer)) = ask_stopped_signer(reader.harness, 5_000, Signal::SIGCONT).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    reader.until("Verify").await;
    reader.wait_minutes(6);
}

/// Asks while the function's process is stopped, and sends it `then` after some milliseconds, within which the call must have
/// come to it; the token and the answer.
async fn ask_stopped_signer(
    harness: &Harness,
    stopped_ms: u64,
    then: Signal,
) -> (String, (StatusCode, Value)) {
    let token = bearer(&somebody(harness).await.id_token);
    // So that there is a process.
    ask(harness, "", Some(&token), &[], "").await;
    signal(harness, Signal::SIGSTOP);
    let end = async {
        tokio::time::sleep(Duration::from_millis(stopped_ms)).await;
        signal(harness, then);
    };
    let (answer, ()) = tokio::join!(ask(harness, "", Some(&token), &[], ""), end);
    (token, answer)
}

fn signal(harness: &Harness, signal: Signal) {
    let name = harness.output(SIGNER);
    for process in functions(harness.group).iter().filter(|process| process.function() == name) {
        kill(Pid::from_raw(process.id), signal).unwrap();
    }
}

/// Calls without a token, and calls with a body that is not taken.
pub(in crate::runbooks) async fn clients_are_refused(reader: &mut Reader) {
    let harness = reader.harness;
    let token = bearer(&somebody(harness).await.id_token);
    for _ in 0..3 {
        let (status, _) = ask(harness, "", None, &[], "").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let (status, _) = ask(harness, "", Some(&token), &[], "no JSON").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    reader.until("Verify").await;
    reader.wait_minutes(6);
}
