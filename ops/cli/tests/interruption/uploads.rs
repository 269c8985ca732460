//! `ops upload` interrupted, and stacks interrupted under it: nothing is lost, nothing is uploaded twice.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::{Child, Stdio};

use image::{ImageFormat, Rgb, RgbImage};
use local_stack::stack::StackInfo;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::processes::wait_for;
use crate::run::{Name, Up};

/// The value of `--concurrency`.
const AT_ONCE: usize = 8;

/// Each so-manieth file is no image.
const ONE_BROKEN_IN: usize = 20;

/// A directory of small files, no two alike.
fn photos(count: usize) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..count {
        let [.., high, low] = number.to_be_bytes();
        let mut bytes = Cursor::new(Vec::new());
        if number % ONE_BROKEN_IN == 0 {
            bytes = Cursor::new(format!("no image, number {number}").into_bytes());
        } else {
            let pixel = |x, _| if x < 32 { Rgb([high, low, 90]) } else { Rgb([low, 200, high]) };
            RgbImage::from_fn(64, 48, pixel).write_to(&mut bytes, ImageFormat::Png).unwrap();
        }
        let folder = directory.path().join(format!("{}", number % 7));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{number}.png")), bytes.into_inner()).unwrap();
    }
    directory
}

/// `ops upload` on its way.
fn upload(name: &Name, photos: &Path, more: &[&str]) -> Child {
    let mut command = name.ops(&["upload", "--json", "--concurrency", &AT_ONCE.to_string()]);
    command.args(more).arg(photos).stdout(Stdio::piped()).spawn().unwrap()
}

/// The journal's lines so far: `begun` or `ended`, with the image's id.
fn journal(name: &Name) -> Vec<(bool, String)> {
    let text = fs::read_to_string(name.directory().join("uploads.jsonl")).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let entry = line.get("ended").unwrap_or(&line["begun"]);
        (line.get("ended").is_some(), entry["image_id"].as_str().unwrap().to_owned())
    };
    whole.lines().map(line).collect()
}

fn ended(journal: &[(bool, String)]) -> usize {
    journal.iter().filter(|(ended, _)| *ended).count()
}

fn wait_for_ended(name: &Name, count: usize) {
    wait_for("that many ends", || (ended(&journal(name)) >= count).then_some(()));
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// Status and key of every item of the table.
async fn items(info: &StackInfo) -> Vec<(String, String)> {
    let table = info.output("MetadataTableName").unwrap();
    let (mut items, mut start) = (Vec::new(), Value::Null);
    loop {
        let mut ask = json!({"TableName": table, "ConsistentRead": true});
        if !start.is_null() {
            ask["ExclusiveStartKey"] = start;
        }
        let page = info.aws().json("dynamodb", "DynamoDB_20120810.Scan", ask).await.unwrap();
        let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap().to_owned();
        let found = page["Items"].as_array().unwrap().iter();
        items.extend(found.map(|item| (text(item, "status"), text(item, "originalS3Key"))));
        start = page["LastEvaluatedKey"].clone();
        if start.is_null() {
            return items;
        }
    }
}

fn stack(up: &mut Up) -> StackInfo {
    serde_json::from_value(up.until_ready()).unwrap()
}

#[test]
#[ignore = "long: run by .ci/run"]
fn thousand_files_killed_midway_are_resumed_and_none_is_lost_or_uploaded_twice() {
    const FILES: usize = 1_000;
    let (name, photos) = (Name::new("thousand"), photos(FILES));
    let mut up = name.up();
    let info = stack(&mut up);

    let mut killed = upload(&name, photos.path(), &[]);
    wait_for_ended(&name, FILES / 3);
    send(&killed, Signal::SIGKILL);
    killed.wait().unwrap();
    let before = ended(&journal(&name));
    assert!(before < FILES, "killed too late to show anything");
    let resumed = upload(&name, photos.path(), &["--resume"]).wait_with_output().unwrap();

    let printed = String::from_utf8_lossy(&resumed.stderr);
    assert_eq!(resumed.status.code(), Some(1), "files that are no images are no success: {printed}");
    let document: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    let broken = FILES / ONE_BROKEN_IN;
    assert_eq!(document["totals"], json!({"DONE": FILES - broken, "NotAnImage": broken}), "{printed}");
    let uploads = document["uploads"].as_array().unwrap();
    let reported: BTreeSet<&str> = uploads.iter().map(|upload| upload["key"].as_str().unwrap()).collect();
    assert_eq!(reported.len(), FILES, "each file has an image of its own");

    let items = tokio::runtime::Runtime::new().unwrap().block_on(items(&info));
    let kept: BTreeSet<&str> = items.iter().map(|(_, key)| key.as_str()).collect();
    assert_eq!((items.len(), kept == reported), (FILES, true), "no image beside those that were reported");
    assert_eq!(items.iter().filter(|(status, _)| status == "DONE").count(), FILES - broken);

    let journal = journal(&name);
    assert_eq!(ended(&journal), FILES, "an end is remembered once");
    let mut under_way = BTreeSet::new();
    for (ended, image_id) in &journal {
        let _ = if *ended { under_way.remove(image_id) } else { under_way.insert(image_id.clone()) };
        // Those that were under way when the first was killed count twice until they are resumed.
        assert!(under_way.len() <= 2 * AT_ONCE, "{} at once", under_way.len());
    }
    up.send(Signal::SIGINT);
    assert_eq!(up.ended().code, Some(130));
    name.assert_left_nothing();
}

#[test]
fn interrupted_upload_says_how_to_go_on_and_goes_on() {
    const FILES: usize = 60;
    let (name, photos) = (Name::new("resume"), photos(FILES));
    let mut up = name.up();
    let info = stack(&mut up);
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let before = ended(&journal(&name));
        let child = upload(&name, photos.path(), &["--resume"]);
        wait_for_ended(&name, before + 1);
        send(&child, signal);
        let output = child.wait_with_output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{printed}");
        assert!(printed.contains("of 60 files have ended; --resume goes on with the others"), "{printed}");
    }
    let output = upload(&name, photos.path(), &["--resume"]).wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["totals"], json!({"DONE": 57, "NotAnImage": 3}));
    assert_eq!(tokio::runtime::Runtime::new().unwrap().block_on(items(&info)).len(), FILES);
    up.send(Signal::SIGTERM);
    assert_eq!(up.ended().code, Some(143));
    name.assert_left_nothing();
}

#[test]
#[ignore = "long: run by .ci/run"]
fn stack_ended_with_images_in_work_leaves_nothing_and_its_uploads_fail_with_the_reason() {
    let (name, photos) = (Name::new("work"), photos(400));
    for (signal, code) in [
        (Signal::SIGINT, Some(130)),
        (Signal::SIGTERM, Some(143)),
        (Signal::SIGHUP, None),
        (Signal::SIGKILL, None),
    ] {
        let mut up = name.up();
        up.until_ready();
        let child = upload(&name, photos.path(), &[]);
        wait_for_ended(&name, 1);

        up.send(signal);

        assert_eq!(up.ended().code, code);
        let output = child.wait_with_output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{signal}: {printed}");
        assert!(
            printed.contains("the stack is gone") && printed.contains("of 400 files had ended"),
            "{printed}"
        );
        name.assert_no_orphans();
    }
    name.assert_recovers();
}
