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

    reader.up_to("continue-update-rollback").await;
    assert_eq!(deployed(harness).await, good);
    let package = rollback_fails(harness, &good).await;
    restore(harness, &package).await;
    reader.up_to("cancel-update-stack").await;
    ends(harness, "UPDATE_ROLLBACK_COMPLETE").await;
    update(harness, &held(&good.replace(GOOD, BAD))).await;
    until_held(harness).await;
    reader.up_to("sam build").await;
    signal(harness, "SUCCESS").await;
    ends(harness, "UPDATE_ROLLBACK_COMPLETE").await;

    reader.until("Verify").await;
    assert_eq!(description(harness).await, GOOD);
    assert_eq!(deployed(harness).await, good);
}

/// The template with a step, after the change of the function, that waits for a signal, and another step after that.
fn held(template: &str) -> String {
    const STEPS: &str = "Resources:
  Held:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: S3MetricsFunction
    CreationPolicy: {ResourceSignal: {Count: 1, Timeout: PT2M}}
  AfterHeld:
    Type: AWS::CloudFormation::WaitConditionHandle
    DependsOn: Held
";
    assert_eq!(template.matches("\nResources:\n").count(), 1);
    template.replace("Resources:\n", STEPS)
}

/// What became of the stack's resources, newest first.
async fn events(harness: &Harness) -> Vec<[String; 3]> {
    let events = cloudformation(harness, "DescribeStackEvents", &[]).await;
    xml::members(&events, "StackEvents", ["LogicalResourceId", "ResourceStatus", "ResourceStatusReason"])
}

async fn until_held(harness: &Harness) {
    let waits = async || {
        let events = events(harness).await;
        events.first().filter(|[id, status, _]| id == "Held" && status.ends_with("_IN_PROGRESS")).map(|_| ())
    };
    let is_held = harness.until(waits).await.is_some();
    assert!(is_held, "{:#?}", events(harness).await.into_iter().take(9).collect::<Vec<_>>());
}

/// Answers what the step waits for, as soon as it does.
async fn signal(harness: &Harness, status: &str) {
    let signal =
        [("StackName", STACK), ("LogicalResourceId", "Held"), ("UniqueId", "test"), ("Status", status)];
    let taken =
        async || harness.aws.query("cloudformation", "2010-05-15", "SignalResource", &signal).await.ok();
    assert!(harness.until(taken).await.is_some(), "nothing waits for a signal");
}

/// A package that was deployed: its key, and what it holds.
struct Package {
    key: String,
    bytes: Vec<u8>,
}

/// An update whose last step fails, and which cannot go back: the package of before was deleted meanwhile.
async fn rollback_fails(harness: &Harness, good: &str) -> Package {
    let (_, function) = good.split_once("\n  S3MetricsFunction:\n").unwrap();
    let (_, uri) = function.split_once("CodeUri: ").unwrap();
    let uri = uri.lines().next().unwrap();
    let key = uri.trim_matches(['"', '\'']).strip_prefix(&format!("s3://{PACKAGES}/")).unwrap().to_owned();
    let bytes = harness.object(PACKAGES, &key).await.unwrap();
    let package = Package { key: key.clone(), bytes };
    let other = Package { key: format!("{key}.other"), bytes: package.bytes.clone() };
    restore(harness, &other).await;
    update(harness, &held(&good.replace(&key, &other.key))).await;
    until_held(harness).await;
    harness.aws.rest("s3", Method::DELETE, &format!("/{PACKAGES}/{key}"), Vec::new(), &[]).await.unwrap();
    signal(harness, "FAILURE").await;
    ends(harness, "UPDATE_ROLLBACK_FAILED").await;
    package
}

async fn restore(harness: &Harness, package: &Package) {
    harness.put_object(PACKAGES, &package.key, &package.bytes, &[]).await;
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
    update(harness, template).await;
    ends(harness, "UPDATE_COMPLETE").await;
}

/// Begins to deploy it.
async fn update(harness: &Harness, template: &str) {
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
}

/// Waits until the stack has that status.
async fn ends(harness: &Harness, status: &str) {
    let is_done = async || {
        let described = cloudformation(harness, "DescribeStacks", &[]).await;
        (xml::first(&described, "StackStatus").as_deref() == Some(status)).then_some(())
    };
    let has_ended = harness.until(is_done).await.is_some();
    assert!(has_ended, "{:#?}", events(harness).await.into_iter().take(9).collect::<Vec<_>>());
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
