//! Every command that takes `--stack`.

use serde_json::{Value, json};

use crate::harness::{Deployed, STACK, document, photo, text};

#[tokio::test]
async fn verify_sees_all_seven_steps_and_leaves_nothing_behind() {
    let (deployed, _alone) = Deployed::shared().await;
    let before = deployed.left_behind().await;

    let output = deployed.ops(&["verify", "--stack", STACK, "--json", &photo()]).await;

    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    let document = document(&output);
    let steps = document["photos"][0]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 7);
    assert!(steps[0]["saw"].as_str().unwrap().contains("Secure Remote Password"), "{steps:?}");
    assert_eq!(document["photos"][0]["notifications"], 1);
    assert_eq!(deployed.left_behind().await, before);
}

#[tokio::test]
async fn upload_belongs_to_the_named_user_and_its_trace_is_found() {
    let (deployed, _alone) = Deployed::shared().await;
    let user = &deployed.info.user;
    let words = ["upload", &photo(), "--stack", STACK, "--user", &user.email, "--json"];

    let output = deployed.command(&words).env("OPS_PASSWORD", &user.password).output().await.unwrap();

    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    let uploaded = document(&output);
    let upload = &uploaded["uploads"][0];
    assert_eq!(upload["status"], "DONE");
    assert!(upload["key"].as_str().unwrap().starts_with(&format!("user-uploads/{}/", user.sub)), "{upload}");
    assert!(deployed.here().join(format!("ops-uploads-{STACK}.jsonl")).is_file());
    let again = deployed.command(&words).arg("--resume").env("OPS_PASSWORD", &user.password).output();
    assert_eq!(document(&again.await.unwrap())["uploads"][0], *upload, "a resumed upload is not sent again");

    let trace =
        deployed.ops(&["trace", upload["image_id"].as_str().unwrap(), "--stack", STACK, "--json"]).await;
    let names: Vec<Value> =
        document(&trace)["spans"].as_array().unwrap().iter().map(|span| span["name"].clone()).collect();
    assert!(
        names.contains(&json!("issue_upload_url")) && names.contains(&json!("process_image")),
        "{names:?}"
    );
}

#[tokio::test]
async fn upload_without_a_user_or_with_a_wrong_password_sends_nothing() {
    let (deployed, _alone) = Deployed::shared().await;
    let before = deployed.left_behind().await;
    let (photo, user) = (photo(), deployed.info.user.clone());

    let nobody = deployed.ops(&["upload", &photo, "--stack", STACK]).await;
    assert_eq!((nobody.status.code(), text(&nobody.stdout)), (Some(2), ""));
    assert!(text(&nobody.stderr).contains("--user"), "{}", text(&nobody.stderr));

    let words = ["upload", &photo, "--stack", STACK, "--user", &user.email, "--json"];
    let wrong = deployed.command(&words).env("OPS_PASSWORD", "wrong").output().await.unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    let error = document(&wrong)["uploads"][0]["error"].as_str().unwrap().to_owned();
    assert!(error.contains("NotAuthorizedException"), "{error}");
    assert!(!error.contains(&user.email) && !error.contains("wrong\""), "{error}");
    assert_eq!(deployed.left_behind().await, before);
}

#[tokio::test]
async fn alarms_are_listed_and_explained_as_cloudwatch_has_them() {
    let (deployed, _alone) = Deployed::shared().await;

    let list = document(&deployed.ops(&["alarms", "list", "--stack", STACK, "--json"]).await);
    let alarm = |name: &str| {
        let alarms = list["alarms"].as_array().unwrap();
        alarms.iter().find(|alarm| alarm["name"] == name).cloned().unwrap_or_else(|| panic!("{list}"))
    };
    assert_eq!(alarm("dlq-not-empty")["severity"], "page");
    assert!(alarm("dlq-not-empty")["runbook"].as_str().unwrap().ends_with("/dlq-not-empty.md"));

    let one = deployed.ops(&["alarms", "explain", "dlq-not-empty", "--stack", STACK]).await;
    for part in ["ApproximateNumberOfMessagesVisible", "1 of 1 periods of 60 s", "notBreaching", "runbook"] {
        assert!(text(&one.stdout).contains(part), "{part} of:\n{}", text(&one.stdout));
    }
    let unknown = deployed.ops(&["alarms", "explain", "dlq-not-empti", "--stack", STACK]).await;
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean dlq-not-empty?"), "{}", text(&unknown.stderr));
}

#[tokio::test]
async fn dashboards_are_drawn_from_the_body_and_the_metrics_that_cloudwatch_has() {
    let (deployed, _alone) = Deployed::shared().await;

    let list = document(&deployed.ops(&["dashboard", "list", "--stack", STACK, "--json"]).await);
    assert_eq!(
        list["dashboards"],
        json!(["image-pipeline", "image-pipeline-time", "image-pipeline-uploads"]),
        "{list}"
    );
    let words = ["dashboard", "render", "image-pipeline", "--stack", STACK, "--out", "overview.svg"];
    let output = deployed.ops(&words).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let svg = std::fs::read_to_string(deployed.here().join("overview.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("dlq-not-empty"), "{}", &svg[..200]);

    let unknown =
        deployed.ops(&["dashboard", "render", "image-pipelin", "--stack", STACK, "--out", "x.svg"]).await;
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean image-pipeline?"), "{}", text(&unknown.stderr));
}

#[tokio::test]
async fn dead_letters_are_listed_by_the_stack_s_name() {
    let (deployed, _alone) = Deployed::shared().await;
    let output = deployed.ops(&["dlq", "list", "--stack", STACK, "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let list = document(&output);
    assert!(list["queue"].as_str().unwrap().ends_with("/image-processing-dlq"), "{list}");
}

#[tokio::test]
async fn unknown_stack_is_named_with_the_nearest_one_by_every_command() {
    let (deployed, _alone) = Deployed::shared().await;
    let photo = photo();
    for words in [
        &["verify"][..],
        &["upload", &photo],
        &["trace", "0193a5b2-7c41-7d0e-9f00-5be2a1c0ffee"],
        &["alarms", "list"],
        &["alarms", "explain", "x"],
        &["dashboard", "list"],
        &["dashboard", "render", "x", "--out", "x.svg"],
        &["dlq", "list"],
        &["audit"],
        &["reprocess", "--side", "64"],
    ] {
        let output = deployed.ops(&[words, &["--stack", "image-pipelines"]].concat()).await;
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{words:?}");
        assert!(
            text(&output.stderr).contains("did you mean image-pipeline?"),
            "{words:?}: {}",
            text(&output.stderr)
        );
    }
}
