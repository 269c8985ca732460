//! The whole way of a photo, with the real functions.

use std::fs;

use local_stack::flow::{Photo, Size, Uploader, verify};
use local_stack::stack::{Options, Stack};

use crate::lab::{options, root};

/// Builds the functions as `cargo run` does, unless that was done.
async fn stack(name: &str) -> Stack {
    let options = Options {
        name: name.into(),
        engine_port: 0,
        console_port: 0,
        root: root(),
        cargo: env!("CARGO").into(),
        ..Options::default()
    };
    Stack::up(options, &()).await.unwrap()
}

#[tokio::test]
async fn photo_passes_the_seven_steps_in_one_trace_and_a_corrupt_file_is_refused_with_its_reason() {
    let stack = stack("test-flow").await;
    let photo = root().join("ops/local/photos/raccoon.jpg");
    let photo = Photo { name: "raccoon.jpg".into(), bytes: fs::read(photo).unwrap() };

    let verified = verify(&stack.info, &photo, &()).await;
    let names: Vec<&str> = verified.steps.iter().map(|step| step.name).collect();
    assert_eq!(names, ["login", "request_url", "put", "queued", "thumbnail", "record", "notification"]);
    assert!(verified.is_ok(), "{:?}", verified.steps);
    assert_eq!(verified.status.as_deref(), Some("DONE"));
    assert_eq!(verified.thumbnail, Some(Size { width: 256, height: 192 }));
    assert_eq!(verified.notifications, 1);
    let trace = verified.trace.unwrap();
    for name in
        ["issue_upload_url", "claim", "download", "decode", "resize", "encode", "upload", "persist", "notify"]
    {
        assert!(trace.span(name).is_some(), "{name} is missing in {trace:?}");
    }

    let cut = photo.bytes[..photo.bytes.len() / 2].to_vec();
    let cut = Photo { name: "cut.jpg".into(), bytes: cut };
    let uploader = Uploader::of(&stack.info).unwrap();
    let refused = uploader.following(uploader.upload(cut.clone(), |_| Ok(()))).await.unwrap();
    assert_eq!(refused.item.status, "FAILED");
    assert!(refused.item.reason.is_some());
    let verified = verify(&stack.info, &cut, &()).await;
    let record = verified.steps.iter().find(|step| step.name == "record").unwrap();
    assert!(!record.ok && record.saw.contains("refused"), "{record:?}");
    stack.down().await.unwrap();
}

#[tokio::test]
async fn stack_that_is_gone_fails_the_first_step_and_tries_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let stack = Stack::up(options("test-gone", directory.path()), &()).await.unwrap();
    let info = stack.info.clone();
    stack.down().await.unwrap();

    let photo = Photo { name: "any.jpg".into(), bytes: vec![1] };
    let verified = verify(&info, &photo, &()).await;

    assert!(!verified.is_ok());
    assert!(verified.steps[0].saw.contains("no answer"), "{:?}", verified.steps);
    assert!(verified.steps[1..].iter().all(|step| step.saw.starts_with("not tried")));
}
