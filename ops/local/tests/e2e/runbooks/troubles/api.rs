//! Trouble with asking for a URL.

use std::time::Duration;

use http::StatusCode;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::processes::functions;
use crate::runbooks::rehearsal::Rehearsal;
use crate::stage::Stage;
use crate::switches::throttle;
use crate::uploader::{ask, bearer, somebody};

const SIGNER: &str = "GenerateUploadUrlFunctionName";

/// The function's process dies with a call in its hands, and a new one may not run; the runbook lets it.
pub(in crate::runbooks) async fn signer_dies(book: &mut Rehearsal) {
    let stage = book.stage;
    let token = bearer(&somebody(stage).await.id_token);
    // So that there is a process.
    ask(stage, "", Some(&token), &[], "").await;
    signal(stage, Signal::SIGSTOP);
    let die = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        signal(stage, Signal::SIGKILL);
    };
    let ((status, answer), ()) = tokio::join!(ask(stage, "", Some(&token), &[], ""), die);
    assert!(status.is_server_error(), "{status} {answer}");
    throttle(stage, SIGNER).await;
    book.until("Verify").await;
    let (status, answer) = ask(stage, "", Some(&token), &[], "").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// The function's process stops for some seconds, with a call in its hands.
pub(in crate::runbooks) async fn signer_hangs(book: &mut Rehearsal) {
    let stage = book.stage;
    let token = bearer(&somebody(stage).await.id_token);
    // So that there is a process.
    ask(stage, "", Some(&token), &[], "").await;
    signal(stage, Signal::SIGSTOP);
    let go_on = async {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        signal(stage, Signal::SIGCONT);
    };
    let ((status, answer), ()) = tokio::join!(ask(stage, "", Some(&token), &[], ""), go_on);
    assert_eq!(status, StatusCode::OK, "{answer}");
    book.until("Verify").await;
    book.wait_minutes(6);
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
