//! Troubles of releases, and the game day.

use aws_client::xml;
use cloudwatch_model::{Alarm, State};
use http::Method;
use local_stack::observe::Seen;
use serde_json::Value;

use crate::harness::Harness;
use crate::queue::dead_letters;
use crate::runbooks::reader::Reader;
use crate::switches::{consume, schedule};

const STACK: &str = "image-pipeline";
/// The bucket that the local deploy keeps packages in.
const PACKAGES: &str = "ops-artifacts";

/// A sentence of the template, and what a bad release has in its place.
const GOOD: &str = "Measures size and object count of both buckets into CustomS3.";
const BAD: &str = "A bad release.";

/// A good release that was kept, and a bad one that was deployed over it.
pub(in crate::runbooks) async fn release_is_bad(reader: &mut Reader) {
    let harness = reader.harness;
    let good = deployed(harness).await;
    let commit = "0123abc";
    let kept = format!("{STACK}/releases/{commit}.yaml");
    harness.put_object(PACKAGES, &kept, good.as_bytes(), &[]).await;
    assert!(good.contains(GOOD));
    deploy(harness, &good.replace(GOOD, BAD)).await;
    assert_eq!(description(harness).await, BAD);
    reader.set("COMMIT", commit).await;
    reader.until("Verify").await;
    assert_eq!(description(harness).await, GOOD);
    assert_eq!(deployed(harness).await, good);
}

async fn cloudformation(harness: &Harness, action: &str, parameters: &[(&str, &str)]) -> String {
    let named = [&[("StackName", STACK)], parameters].concat();
    harness.aws.query("cloudformation", "2010-05-15", action, &named).await.unwrap()
}

/// The template as it was deployed, with the addresses of its packages.
async fn deployed(harness: &Harness) -> String {
    let answer = cloudformation(harness, "GetTemplate", &[("TemplateStage", "Original")]).await;
    xml::first(&answer, "TemplateBody").unwrap()
}

/// Deploys another template with the parameters in force.
async fn deploy(harness: &Harness, template: &str) {
    let key = format!("{STACK}/bad.yaml");
    harness.put_object(PACKAGES, &key, template.as_bytes(), &[]).await;
    let described = cloudformation(harness, "DescribeStacks", &[]).await;
    let mut parameters = vec![
        ("TemplateURL".to_owned(), format!("{}/{PACKAGES}/{key}", harness.aws.endpoint())),
        ("Capabilities.member.1".to_owned(), "CAPABILITY_NAMED_IAM".to_owned()),
        ("Capabilities.member.2".to_owned(), "CAPABILITY_AUTO_EXPAND".to_owned()),
    ];
    for (number, [name]) in (1..).zip(xml::members(&described, "Parameters", ["ParameterKey"])) {
        parameters.push((format!("Parameters.member.{number}.ParameterKey"), name));
        parameters.push((format!("Parameters.member.{number}.UsePreviousValue"), "true".to_owned()));
    }
    let parameters: Vec<(&str, &str)> =
        parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    cloudformation(harness, "UpdateStack", &parameters).await;
    let is_done = async || {
        let described = cloudformation(harness, "DescribeStacks", &[]).await;
        (xml::first(&described, "StackStatus").as_deref() == Some("UPDATE_COMPLETE")).then_some(())
    };
    assert!(harness.until(is_done).await.is_some(), "{}", harness.story("nothing"));
}

/// The description of the function that the bad release changes.
async fn description(harness: &Harness) -> String {
    let path = format!("/2015-03-31/functions/{}/configuration", harness.output("S3MetricsFunctionName"));
    let answer = harness.aws.rest("lambda", Method::GET, &path, Vec::new(), &[]).await.unwrap();
    let configuration: Value = serde_json::from_slice(answer.body()).unwrap();
    configuration["Description"].as_str().unwrap().to_owned()
}

/// The faults that the runbook causes are undone one by one, as the runbooks under test would.
pub(in crate::runbooks) async fn players_come(reader: &mut Reader) {
    let harness = reader.harness;
    reader.up_to("send-message").await;
    consume(harness, true).await;
    reader.up_to("disable-rule").await;
    let given_up = async || (dead_letters(harness).await == ["no notification"]).then_some(());
    assert!(harness.until(given_up).await.is_some(), "{}", harness.story("nothing"));
    super::purge(harness).await;
    reader.up_to("get-function-configuration").await;
    schedule(harness, "EnableRule").await;
    reader.until("Verify").await;
    // A reader looks half an hour later, when all is forgotten. Here those that ring are set to OK, just
    // after the end of a minute: until the next one no alarm changes.
    let before = harness.observer.look(|seen| seen.alarms.evaluated());
    let later = |seen: &Seen| (seen.alarms.evaluated() > before).then_some(());
    harness.seen("the end of a minute", "nothing", later).await;
    let ringing: Vec<String> = harness.observer.look(|seen| {
        let rings = |alarm: &&Alarm| seen.alarms.state(&alarm.name) == Some(State::Alarm);
        seen.alarms.set().iter().filter(rings).map(|alarm| alarm.name.clone()).collect()
    });
    for name in ringing {
        let fine =
            [("AlarmName", name.as_str()), ("StateValue", "OK"), ("StateReason", "the test of a runbook")];
        harness.aws.query("monitoring", "2010-08-01", "SetAlarmState", &fine).await.unwrap();
    }
}
