//! Proofs: what the pipeline does by its grants, each a claim that is false without one of them.
//!
//! Each is a test of its own, and `mutation` runs it on a stack that lacks the grant.

use std::pin::Pin;

use aws_client::Aws;
use aws_client::http::Http;
use contract::image_id;
use http::{Method, StatusCode};
use image::ImageFormat;
use local_stack::faults::{InjectedFault, Rule};
use local_stack::flow::{self, TraceHeaders};
use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::{Bench, Function, Verdict, seen};
use super::decisions::Mark;
use crate::identity::{ask_for_credentials, login};
use crate::picture::picture;
use crate::queue::{enqueue, notification};
use crate::status::ask;

/// A claim by its name.
pub(crate) struct Proof {
    pub(crate) name: &'static str,
    pub(crate) run: for<'a> fn(&'a Bench) -> Pin<Box<dyn Future<Output = Verdict> + 'a>>,
}

/// Declares proofs by their names, and makes a test of each.
macro_rules! proofs {
    ($($name:ident => $run:ident;)*) => {
        /// The proofs of this module.
        pub(crate) const PROOFS: &[Proof] =
            &[$(Proof { name: stringify!($name), run: |bench| Box::pin($run(bench)) }),*];

        $(#[tokio::test]
        async fn $name() {
            $run(&Bench::new().await).await.unwrap();
        })*
    };
}
pub(crate) use proofs;

proofs! {
    an_upload_is_stored_by_its_url => stored_by_url;
    an_image_is_read_drawn_recorded_and_announced => done;
    an_upload_that_is_gone_is_recorded_and_not_retried => gone;
    a_brief_fault_is_retried_within_seconds => retried;
    an_image_that_is_done_leaves_the_queue => leaves_the_queue;
    the_buckets_are_listed_and_their_totals_published => totals;
    a_measurement_that_fails_for_good_is_reported => failure_reported;
    a_user_writes_and_reads_in_the_own_folder => own_folder;
    lines_of_the_url_signer_reach_its_log => signer_lines;
    lines_of_the_processor_reach_its_log => processor_lines;
    lines_of_the_metrics_function_reach_its_log => metrics_lines;
    spans_of_the_url_signer_reach_x_ray => signer_spans;
    spans_of_the_processor_reach_x_ray => processor_spans;
    spans_of_the_metrics_function_reach_x_ray => metrics_spans;
    lambda_traces_the_url_signer_actively => signer_active;
    lambda_traces_the_processor_actively => processor_active;
    lambda_traces_the_metrics_function_actively => metrics_active;
    the_schedule_runs_the_metrics_function => scheduled;
    the_owner_of_an_image_is_answered_how_it_ended => status_read;
    a_thumbnail_is_fetched_by_its_url => thumbnail_fetched;
    lines_of_the_status_function_reach_its_log => status_lines;
    spans_of_the_status_function_reach_x_ray => status_spans;
    lambda_traces_the_status_function_actively => status_active;
}

async fn stored_by_url(bench: &Bench) -> Verdict {
    let url = bench.url().await?.upload_url;
    let answer = Http::new().send(Method::PUT, &url, &[], "x").await.unwrap();
    bench.purge().await;
    match answer.status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("S3 answered {status}: {}", String::from_utf8_lossy(answer.body()))),
    }
}

async fn done(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let image = bench.upload(picture(ImageFormat::Jpeg)).await?;
    let item = bench.settled(since, &image).await?;
    match (item.status(), bench.harness.thumbnail(&image).await) {
        ("DONE", Some(_)) => Ok(()),
        (status, thumbnail) => Err(format!("{status}, thumbnail: {}", thumbnail.is_some())),
    }
}

async fn gone(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let key = format!("user-uploads/{}/{}.jpg", bench.tokens.sub, Uuid::new_v4());
    let id = image_id::image_id(&key).to_string();
    enqueue(bench.harness, &notification(bench.harness, &key, "01"), json!({})).await;
    let item = bench.settled(since, &id).await?;
    match item.text("reason") {
        "ObjectGone" => Ok(()),
        reason => Err(format!("it is recorded as {reason:?}")),
    }
}

async fn retried(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let issued = bench.url().await?;
    let fault =
        InjectedFault::Refuse { status: StatusCode::BAD_REQUEST, code: "ResourceInUseException".into() };
    let strike = bench.harness.faults.strike(Rule::next("dynamodb", "PutItem", &issued.image_id, fault));
    let put = flow::put(&issued, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await;
    put.map_err(|error| error.to_string())?;
    // Long before the visibility timeout, which is minutes.
    let item = bench.settled(since, &issued.image_id).await?;
    match (item.status(), strike.count()) {
        ("DONE", 1) => Ok(()),
        (status, faults) => Err(format!("{status} after {faults} faults")),
    }
}

async fn leaves_the_queue(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let image = bench.upload(picture(ImageFormat::Jpeg)).await?;
    bench.settled(since, &image).await?;
    let is_empty = async || {
        let counts = bench.queue_counts().await;
        let none = |name: &str| counts[name] == "0";
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        names.iter().all(|name| none(name)).then_some(())
    };
    bench.until(since, "an empty queue", is_empty).await
}

async fn totals(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    bench.invoke(Function::Metrics).await?;
    bench.decisions.refusal(since).map_or(Ok(()), Err)
}

async fn failure_reported(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let reports = || {
        let mail = bench.harness.observer.mail(None);
        mail.iter().filter(|mail| mail.body.contains("RetriesExhausted")).count()
    };
    let before = reports();
    let fault = InjectedFault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDenied".into() };
    let rule = Rule { times: usize::MAX, ..Rule::next("monitoring", "PutMetricData", "", fault) };
    let _strike = bench.harness.faults.strike(rule);
    let function = bench.harness.output(Function::Metrics.output());
    let path = format!("/2015-03-31/functions/{function}/invocations");
    let headers = [("x-amz-invocation-type", "Event")];
    let answer = bench.aws().rest("lambda", Method::POST, &path, b"{}".to_vec(), &headers).await;
    answer.map_err(|error| seen(&error))?;
    bench.until(since, "the report", async || (reports() > before).then_some(())).await
}

async fn own_folder(bench: &Bench) -> Verdict {
    let logins = login(bench.harness, &bench.tokens.id_token);
    let credentials = ask_for_credentials(bench.harness, &logins).await.map_err(|error| seen(&error))?;
    let user = Aws::new(&bench.harness.info.endpoint, &bench.harness.info.region, credentials);
    let bucket = bench.harness.output("OriginalBucketName");
    let path = format!("/{bucket}/user-uploads/{}/privilege.raw", bench.tokens.sub);
    for method in [Method::PUT, Method::GET] {
        user.rest("s3", method, &path, b"x".to_vec(), &[]).await.map_err(|error| seen(&error))?;
    }
    Ok(())
}

async fn signer_lines(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let image = bench.url().await?.image_id;
    bench.until(since, "a line", async || bench.line_about(Function::Signer, &image)).await
}

async fn processor_lines(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let image = bench.upload(picture(ImageFormat::Jpeg)).await?;
    bench.until(since, "a line", async || bench.line_about(Function::Processor, &image)).await
}

async fn metrics_lines(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    match bench.measure().await?.len() {
        0 => Err(bench.decisions.refusal(since).unwrap_or_else(|| "the run left no line".to_owned())),
        _ => Ok(()),
    }
}

/// Waits for a span of an image's trace.
async fn span(bench: &Bench, since: Mark, image: &str, name: &str) -> Verdict {
    let arrived = async || bench.harness.observer.trace_of_image(image)?.span(name).map(drop);
    bench.until(since, "a span", arrived).await
}

async fn signer_spans(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let image = bench.url().await?.image_id;
    span(bench, since, &image, "issue_upload_url").await
}

async fn processor_spans(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let image = bench.upload(picture(ImageFormat::Jpeg)).await?;
    span(bench, since, &image, "process_image").await
}

async fn metrics_spans(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let lines = bench.measure().await?;
    let trace = lines.iter().find_map(|line| line["trace_id"].as_str()).ok_or("no line names the trace")?;
    bench.until(since, "a span", async || bench.harness.observer.trace(trace).map(drop)).await
}

async fn signer_active(bench: &Bench) -> Verdict {
    bench.trace_actively(Function::Signer).await
}

async fn processor_active(bench: &Bench) -> Verdict {
    bench.trace_actively(Function::Processor).await
}

async fn metrics_active(bench: &Bench) -> Verdict {
    bench.trace_actively(Function::Metrics).await
}

/// The rule's target is invoked by an event of the test's, since its schedule takes minutes.
async fn scheduled(bench: &Bench) -> Verdict {
    let (since, before) = (bench.decisions.mark(), bench.streams(Function::Metrics).await);
    let events = async |operation: &str, body: Value| {
        bench.aws().json("events", &format!("AWSEvents.{operation}"), body).await.unwrap()
    };
    let rules = events("ListRules", json!({})).await;
    let rule = rules["Rules"][0].clone();
    let pattern = json!({"source": ["privilege"]}).to_string();
    let mut with_pattern = rule.clone();
    with_pattern["EventPattern"] = json!(pattern);
    events("PutRule", with_pattern).await;
    let event = json!({"Source": "privilege", "DetailType": "proof", "Detail": "{}"});
    events("PutEvents", json!({"Entries": [event]})).await;
    let ran = async || (bench.streams(Function::Metrics).await != before).then_some(());
    let verdict = bench.until(since, "a run", ran).await;
    events("PutRule", rule).await;
    verdict
}

/// The answer how an image ended, once it has.
async fn status(bench: &Bench, since: Mark) -> Result<Value, String> {
    let image = bench.upload(picture(ImageFormat::Jpeg)).await?;
    bench.settled(since, &image).await?;
    match ask(bench.harness, &image, Some(&bench.tokens.id_token)).await {
        (StatusCode::OK, answer) => Ok(answer),
        (status, answer) => Err(format!("{status}: {answer}")),
    }
}

async fn status_read(bench: &Bench) -> Verdict {
    let answer = status(bench, bench.decisions.mark()).await?;
    if answer["status"] == "DONE" { Ok(()) } else { Err(answer.to_string()) }
}

async fn thumbnail_fetched(bench: &Bench) -> Verdict {
    let answer = status(bench, bench.decisions.mark()).await?;
    let url = answer["thumbnails"][0]["url"].as_str().ok_or("there is no URL")?;
    match Http::new().send(Method::GET, url, &[], "").await.unwrap().status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("S3 answered {status}")),
    }
}

async fn status_lines(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let answer = status(bench, since).await?;
    let image = answer["image_id"].as_str().unwrap_or_default();
    bench.until(since, "a line", async || bench.line_about(Function::Status, image)).await
}

async fn status_spans(bench: &Bench) -> Verdict {
    let since = bench.decisions.mark();
    let traces = || {
        let traces = bench.harness.observer.look(|seen| seen.traces.newest(usize::MAX));
        traces.iter().filter(|trace| trace.span("read_image_status").is_some()).count()
    };
    let before = traces();
    status(bench, since).await?;
    bench.until(since, "a span", async || (traces() > before).then_some(())).await
}

async fn status_active(bench: &Bench) -> Verdict {
    bench.trace_actively(Function::Status).await
}
