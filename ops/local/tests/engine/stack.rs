//! A whole stack: it comes up, is found, lets its user in, and goes down without a trace.

use std::net::TcpListener;
use std::sync::Mutex;

use local_stack::stack::{DemoUser, FindError, Options, Stack, StackInfo, UpError};
use local_stack::user::{LoginError, create_user, sign_in};
use terminal::progress::{Progress, Reporter};

use crate::lab::{options, root};
use crate::process::alive;

#[tokio::test]
async fn user_signs_in_on_the_page_and_gets_tokens_that_name_them() {
    let directory = tempfile::tempdir().unwrap();
    let stack = Stack::up(options("test-sign-in", directory.path()), &()).await.unwrap();
    let info = &stack.info;

    let tokens = sign_in(info, &info.user).await.unwrap();
    assert_eq!(tokens.sub, info.user.sub);
    assert!(!tokens.sub.is_empty());
    assert_eq!(tokens.access_token.split('.').count(), 3);

    let other = create_user(&info.aws(), info.output("UserPoolId").unwrap()).await.unwrap();
    assert_ne!(sign_in(info, &other).await.unwrap().sub, tokens.sub);

    let forgetful = DemoUser { password: "wrong".into(), ..info.user.clone() };
    let refused = sign_in(info, &forgetful).await.unwrap_err();
    assert!(
        matches!(&refused, LoginError::Refused { reason, .. } if reason.contains("Incorrect")),
        "{refused}"
    );
    stack.down().await.unwrap();
}

#[tokio::test]
async fn stack_is_found_while_it_stands_and_leaves_nothing_when_it_goes() {
    let directory = tempfile::tempdir().unwrap();
    let name = "test-found";
    let stack = Stack::up(options(name, directory.path()), &()).await.unwrap();
    let found = StackInfo::find(&root(), name).unwrap();
    assert_eq!((found.endpoint, found.user.sub), (stack.info.endpoint.clone(), stack.info.user.sub.clone()));
    let second = Stack::up(options(name, directory.path()), &()).await.unwrap_err();
    assert!(matches!(second, UpError::State(_)), "{second}");
    let group = stack.engine_group();
    assert!(alive(group) > 0);

    stack.down().await.unwrap();

    assert_eq!(alive(group), 0);
    assert!(matches!(StackInfo::find(&root(), name), Err(FindError::NotRunning { .. })));
}

/// Keeps the lines that `ops up` prints.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Reporter for Lines {
    fn report(&self, progress: Progress) {
        if let Progress::Finished { label: line, .. } | Progress::Note(line) = progress {
            self.0.lock().unwrap().push(line);
        }
    }
}

#[tokio::test]
async fn stack_says_what_was_applied_again_and_leaves_no_property_otherwise_than_on_aws() {
    let directory = tempfile::tempdir().unwrap();
    let lines = Lines::default();
    let stack = Stack::up(options("test-reconciled", directory.path()), &lines).await.unwrap();
    let info = StackInfo::find(&root(), "test-reconciled").unwrap();
    stack.down().await.unwrap();

    let reconciled = &info.reconciled.reconciled;
    let consumer = reconciled.iter().find(|applied| applied.property == "ScalingConfig").unwrap();
    assert_eq!(consumer.resource, "ImageProcessorFunctionUploads");
    assert_eq!(consumer.call, "Lambda UpdateEventSourceMapping");
    // What no call applies is closed in the engine, or left out of the template.
    assert!(info.reconciled.known_gaps.is_empty(), "{:?}", info.reconciled.known_gaps);

    let lines = lines.0.into_inner().unwrap();
    let headline = format!("Applied {} properties that the engine dropped", reconciled.len());
    let at = lines.iter().position(|line| *line == headline).unwrap();
    let consumer = "  ScalingConfig by Lambda UpdateEventSourceMapping: ImageProcessorFunctionUploads";
    assert!(lines[at + 1..].iter().any(|line| line == consumer), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("Not as on AWS")), "{lines:#?}");
}

#[tokio::test]
async fn stacks_of_other_names_run_side_by_side() {
    let directory = tempfile::tempdir().unwrap();
    let options = |name| options(name, directory.path());
    let (one, two) = tokio::join!(Stack::up(options("test-one"), &()), Stack::up(options("test-two"), &()));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one.info.endpoint, two.info.endpoint);
    assert!(sign_in(&two.info, &one.info.user).await.is_err());
    one.down().await.unwrap();
    assert!(sign_in(&two.info, &two.info.user).await.is_ok());
    two.down().await.unwrap();
}

#[tokio::test]
async fn busy_console_port_is_refused_with_the_flag_that_helps() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let console_port = taken.local_addr().unwrap().port();
    let options = Options { console_port, ..options("test-busy", directory.path()) };
    let message = Stack::up(options, &()).await.unwrap_err().to_string();
    assert!(message.contains(&console_port.to_string()) && message.contains("--console-port"), "{message}");
}

#[tokio::test]
async fn directory_without_the_template_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = Options { root: directory.path().into(), ..Options::default() };
    let message = Stack::up(elsewhere, &()).await.unwrap_err().to_string();
    assert!(message.contains("template.yaml"), "{message}");
}
