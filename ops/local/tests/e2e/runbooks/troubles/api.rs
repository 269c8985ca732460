//! Trouble with asking for a URL.

use std::time::Duration;

use http::StatusCode;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::processes::functions;
use crate::runbooks::rehearsal::Rehearsal;
use crate::stage::Stage;
use crate::switches::throttle;
use crate::uploader::{ask, bearer, somebody};

const SIGNER: &str = "GenerateUploadUrlFunctionName";

/// The function's process dies with a call in its hands, and a new one may not run; the runbook lets it.
pub(in crate::runbooks) async fn signer_dies(book: &mut Rehearsal) {
    let stage = book.stage;
    let (token, (status, answer)) = ask_stopped_signer(stage, 300, Signal::SIGKILL).await;
    assert!(status.is_server_error(), "{status} {answer}");
    throttle(stage, SIGNER).await;
    book.until("Verify").await;
    let (status, answer) = ask(stage, "", Some(&token), &[], "").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// The function's process stops for some seconds, with a call in its hands.
pub(in crate::runbooks) async fn signer_hangs(book: &mut Rehearsal) {
    let (_, (status, answer)) = ask_stopped_signer(book.stage, 2_500, Signal::SIGCONT).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    book.until("Verify").await;
    book.wait_minutes(6);
}

/// Asks while the function's process is stopped, and sends it `then` after some milliseconds; the token and the answer.
async fn ask_stopped_signer(stage: &Stage, stopped_ms: u64, then: Signal) -> (String, (StatusCode, Value)) {
    let token = bearer(&somebody(stage).await.id_token);
    // So that there is a process.
    ask(stage, "", Some(&token), &[], "").await;
    signal(stage, Signal::SIGSTOP);
    let end = async {
        tokio::time::sleep(Duration::from_millis(stopped_ms)).await;
        signal(stage, then);
    };
    let (answer, ()) = tokio::join!(ask(stage, "", Some(&token), &[], ""), end);
    (token, answer)
}

fn signal(stage: &Stage, signal: Signal) {
    let name = stage.output(SIGNER);
    for process in functions(stage.group).iter().filter(|process| process.function() == name) {
        kill(Pid::from_raw(process.id), signal).unwrap();
    }
}

/// Calls without a token, and calls with a body that is not taken.
pub(in crate::runbooks) async fn clients_are_refused(book: &mut Rehearsal) {
    let stage = book.stage;
    let token = bearer(&somebody(stage).await.id_token);
    for _ in 0..3 {
        let (status, _) = ask(stage, "", None, &[], "").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let (status, _) = ask(stage, "", Some(&token), &[], "no JSON").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    book.until("Verify").await;
    book.wait_minutes(6);
}
