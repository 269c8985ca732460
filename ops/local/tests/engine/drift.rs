//! Drift: every property that the template states, as the engine reports it after a deploy.
//!
//! - `readers` which API call returns which property
//! - `form` makes a property and an answer comparable
//! - `compare` compares a stack and the stacks in it
//! - `coverage` which places of the template a deploy makes use of
//! - `probes` and `sessions` show gaps that reading back cannot
//! - `changes` are made behind the template's back

mod call;
mod changes;
mod compare;
mod coverage;
mod form;
mod probes;
mod readers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aws_client::Aws;
use local_stack::deploy::{DeployError, Deployed, Deployment, GAPS, Gap, Remedy, reconcile};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::lab::{Lab, REGION, credentials, root, stubs};
use changes::CHANGES;
use compare::{Comparison, Drift, compare};

/// Without it the engine refuses the template; that it still does so is a gap like others.
pub(crate) const DEPLOYABLE: (&str, &str) = ("MathAlarms", "disabled");
/// The stack that this leaves out.
const LEFT_OUT: &str = "MathAlarmStack.";

/// A value for every parameter that is not its default, so that every condition holds the other way round.
const OTHER: [(&str, &str); 54] = [
    ("AcceptedFormats", "jpeg,png"),
    ("ApiSloPercent", "98"),
    ("ApiThrottleBurst", "9"),
    ("ApiThrottleRate", "7"),
    ("Architecture", "x86_64"),
    ("BucketSizeBudgetBytes", "1000"),
    ("CallbackUrls", "https://a.example.com/back,https://b.example.com/back"),
    ("CorsAllowedOrigins", "https://a.example.com,https://b.example.com"),
    ("DecodeTimeoutSeconds", "5"),
    ("ExpireObjectsAfterDays", "7"),
    ("HostedUiDomainPrefix", "other-sign-in"),
    ("LatencySloMilliseconds", "5000"),
    ("LatencySloPercent", "90"),
    ("LogLevel", "debug"),
    ("LogRetentionDays", "7"),
    ("LogoutUrls", "https://a.example.com/out"),
    DEPLOYABLE,
    ("MaxDecodeBytes", "2000000"),
    ("MaxPixels", "1000000"),
    ("MaxReceiveCount", "7"),
    ("MaxUploadBytes", "1000000"),
    ("MetricsSchedule", "rate(1 hour)"),
    ("MetricsTimeoutSeconds", "50"),
    ("NamePrefix", "other-"),
    ("NotificationEmail", "notifications@example.com"),
    ("OriginalBucketName", "other-originals"),
    ("OriginalLifecycle", "none"),
    ("PageEmail", "pages@example.com"),
    ("ProcessedBucketName", "other-thumbnails"),
    ("ProcessedLifecycle", "archive"),
    ("ProcessingSloPercent", "95"),
    ("ProcessorBatchSize", "3"),
    ("ProcessorMaxConcurrency", "4"),
    ("ProcessorMemoryMb", "512"),
    ("ProcessorTimeoutSeconds", "20"),
    ("QueueVisibilityTimeoutSeconds", "120"),
    ("RequireContentLength", "enabled"),
    ("RetryBaseSeconds", "1"),
    ("RunbookBaseUrl", "https://example.org/books"),
    ("SelfSignUp", "disabled"),
    ("SesFromAddress", "Photos <photos@example.com>"),
    ("SesIdentityArn", "arn:aws:ses:ap-northeast-1:000000000000:identity/example.com"),
    ("Stage", "other"),
    ("StatusApi", "enabled"),
    ("ThumbnailBackground", "#000000"),
    ("ThumbnailQuality", "70"),
    ("ThumbnailSides", "128,64"),
    ("TicketEmail", "tickets@example.com"),
    ("TracesEndpoint", "http://localhost:4318"),
    ("TracesHeaders", "authorization=Bearer%20x"),
    ("TracesSampler", "always_off"),
    ("TracesSamplerArg", "0.5"),
    ("UserPoolTier", "ESSENTIALS"),
    ("Versioning", "Enabled"),
];

/// A deploy, before and after what the engine dropped was applied again.
struct Surveyed {
    template: Value,
    before: Comparison,
    after: Comparison,
}

/// The template with its defaults, and with other values; all tests look at the same two deploys.
async fn survey() -> &'static [Surveyed; 2] {
    static SURVEY: OnceCell<[Surveyed; 2]> = OnceCell::const_new();
    SURVEY
        .get_or_init(async || {
            let (defaults, other) = tokio::join!(surveyed(&[DEPLOYABLE]), surveyed(&OTHER));
            [defaults, other]
        })
        .await
}

async fn surveyed(parameters: &[(&str, &str)]) -> Surveyed {
    let lab = Lab::start().await;
    let aws = &lab.aws();
    let deployed = deploy(&lab, parameters).await;
    let before = compare(aws, &deployed).await;
    reconcile(aws, &deployed, &()).await.unwrap();
    let after = compare(aws, &deployed).await;
    lab.stop().await;
    Surveyed { template: deployed.template, before, after }
}

async fn deploy(lab: &Lab, parameters: &[(&str, &str)]) -> Deployed {
    try_deploy(lab, &root().join("template.yaml"), parameters).await.unwrap()
}

pub(crate) async fn try_deploy(
    lab: &Lab,
    template: &Path,
    parameters: &[(&str, &str)],
) -> Result<Deployed, DeployError> {
    let parameters: BTreeMap<_, _> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (aws, functions) = (&lab.aws(), &stubs(lab.directory()));
    let deployment =
        Deployment { aws, stack: "image-pipeline", template, parameters: &parameters, functions };
    deployment.create(&()).await
}

/// One line for each, so that a failed test shows everything at once.
fn lines<'a>(drifts: impl Iterator<Item = &'a Drift>) -> String {
    drifts.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn is(gap: &Gap, other: &Gap) -> bool {
    (gap.kind, gap.property) == (other.kind, other.property)
}

#[tokio::test]
async fn engine_reports_every_property_as_the_template_states_it_but_for_the_gaps() {
    for Surveyed { before, .. } in survey().await {
        assert!(before.unread.is_empty(), "{:#?}", before.unread);
        let unknown = lines(before.drifts.iter().filter(|drift| drift.gap().is_none()));
        assert!(unknown.is_empty(), "these belong into GAPS in ops/local/src/deploy/gaps.rs:\n{unknown}");
    }
}

#[tokio::test]
async fn what_was_applied_again_reads_back_as_the_template_states_it() {
    for Surveyed { after, .. } in survey().await {
        let is_closed = |drift: &&Drift| drift.gap().is_none_or(|gap| matches!(gap.remedy, Remedy::Call(_)));
        let open = lines(after.drifts.iter().filter(is_closed));
        assert!(open.is_empty(), "the reconciler left these open:\n{open}");
    }
}

#[tokio::test]
async fn every_place_of_the_template_is_compared_in_one_of_the_deploys() {
    let [defaults, other] = survey().await;
    // A nested stack states what is in it only where its condition holds.
    let stated: BTreeSet<_> = defaults.before.stated.union(&other.before.stated).collect();
    let compared: BTreeSet<_> = defaults.before.compared.union(&other.before.compared).collect();
    let missed = stated.into_iter().filter(|place| !compared.contains(place));
    let missed: Vec<_> = missed.filter(|place| !place.starts_with(LEFT_OUT)).collect();
    assert!(missed.is_empty(), "no deploy makes use of these; give a parameter another value:\n{missed:#?}");
    for nested in ["Alarms/", "Dashboards/"] {
        assert!(compared.iter().any(|place| place.starts_with(nested)), "{nested}");
    }
}

#[tokio::test]
async fn every_gap_is_still_there() {
    let met: Vec<_> =
        survey().await.iter().flat_map(|deploy| &deploy.before.drifts).filter_map(Drift::gap).collect();
    // Other remedies are proved where they are.
    let ours = GAPS.iter().filter(|gap| matches!(gap.remedy, Remedy::Call(_) | Remedy::None(_)));
    for gap in ours.filter(|gap| !met.iter().any(|met| is(met, gap))) {
        let shown = probes::shows(gap).await;
        assert!(shown, "gap no longer exists, take it out of GAPS: {} of {}", gap.property, gap.kind);
    }
}

#[tokio::test]
async fn second_deploy_gives_every_parameter_another_value() {
    let [defaults, _] = survey().await;
    let parameters = defaults.template["Parameters"].as_object().unwrap();
    let names: Vec<_> = parameters.keys().map(String::as_str).collect();
    assert_eq!(OTHER.map(|(name, _)| name).to_vec(), names);
    for (name, value) in OTHER {
        let default = parameters[name]["Default"].to_string();
        assert_ne!(default.trim_matches('"'), value, "{name}");
    }
}

#[tokio::test]
async fn change_behind_the_template_s_back_is_named_with_what_is_wanted_and_found() {
    let lab = Lab::start().await;
    let aws = &lab.aws();
    let deployed = deploy(&lab, &[DEPLOYABLE, ("PageEmail", "pages@example.com")]).await;
    reconcile(aws, &deployed, &()).await.unwrap();
    let mut unchanged = compare(aws, &deployed).await.drifts;
    for change in CHANGES {
        let (call, (resource, property, wanted, found)) = change(&deployed);
        call.answer(aws).await;

        let mut drifts = compare(aws, &deployed).await.drifts;

        let news: Vec<_> = drifts.iter().filter(|drift| !unchanged.contains(drift)).cloned().collect();
        let expected = |drift: &Drift| {
            (drift.resource.as_str(), drift.property.as_str()) == (resource, property)
                && (&drift.wanted, &drift.found) == (&wanted, &found)
        };
        assert!(news.iter().any(expected), "{resource}.{property}:\n{}", lines(news.iter()));
        assert!(news.iter().all(|drift| drift.resource == resource), "{}", lines(news.iter()));
        unchanged.append(&mut drifts);
    }
    lab.stop().await;
}

#[tokio::test]
async fn property_that_nothing_reads_is_told_by_name() {
    let deployed = Deployed {
        arn: String::new(),
        outputs: [].into(),
        resources: [].into(),
        parameters: [].into(),
        template: json!({"Resources": {"R": {"Type": "AWS::X::Y", "Properties": {"Z": 1}}}}),
    };
    let nowhere = Aws::new("http://127.0.0.1:9", REGION, credentials("test", "test"));
    let unread = compare(&nowhere, &deployed).await.unread;
    assert_eq!(unread.into_iter().collect::<Vec<_>>(), ["no reader for AWS::X::Y.Z"]);
}
