//! Spans of every upload: all there, in one trace, each below the one that caused it.

use std::collections::{BTreeMap, BTreeSet};

use local_stack::observe::Seen;
use trace_model::{IMAGE_ID, Kind, Link, Span, Status, Trace};

use super::plan::{Struck, Upload};
use crate::harness::Harness;

/// The steps of an attempt that goes well.
const STEPS: [&str; 9] =
    ["download", "claim", "decode", "resize", "encode", "upload", "persist", "notify", "settle"];

/// The steps of an upload that is refused.
const REFUSED: [&str; 6] = ["download", "claim", "decode", "persist", "notify", "settle"];

/// The steps of a delivery that has nothing left to do.
const REPEATED: [&str; 2] = ["download", "claim"];

/// The steps until the one that fails.
fn until(struck: Struck) -> &'static [&'static str] {
    match struck {
        Struck::Download => &STEPS[..1],
        Struck::Claim => &STEPS[..2],
        Struck::Upload => &STEPS[..6],
        Struck::Persist => &STEPS[..7],
        Struck::Notify => &STEPS[..8],
    }
}

/// The names of the spans in an upload's trace but those of calls, sorted.
fn expected(upload: &Upload) -> Vec<&'static str> {
    let last: &[&str] = if upload.reason.is_some() { &REFUSED } else { &STEPS };
    let mut attempts = vec![last];
    attempts.extend(upload.struck.filter(|_| !is_stray(upload)).map(until));
    attempts.extend(upload.comes_twice.then_some(REPEATED.as_slice()));
    let mut names = attempts.concat();
    names.extend(vec!["process_image"; attempts.len()]);
    names.push("issue_upload_url");
    names.sort_unstable();
    names
}

/// Whether an attempt could not know its trace: it is in the object's metadata, and S3 refused to open the object.
fn is_stray(upload: &Upload) -> bool {
    upload.struck == Some(Struck::Download)
}

/// Whether the attempt that could not know its trace is found by the image, below its batch.
fn has_stray(traces: &[Trace], upload: &Upload) -> bool {
    let batches = traces.iter().filter(|trace| trace.span("process_batch").is_some());
    let mut spans = batches.flat_map(|trace| trace.spans.iter().map(move |span| (trace, span)));
    spans.any(|(trace, span)| {
        let parent = trace.spans.iter().find(|parent| span.parent_span_id.as_ref() == Some(&parent.span_id));
        span.name == "process_image"
            && span.attribute(IMAGE_ID) == Some(&upload.image_id)
            && span.status == Status::Error
            && parent.is_some_and(|parent| parent.name == "process_batch")
    })
}

fn names(trace: &Trace) -> Vec<&str> {
    let ours = trace.spans.iter().filter(|span| span.kind != Kind::Client);
    let mut names: Vec<&str> = ours.map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    names
}

/// What is wrong with an upload's trace.
fn fault(seen: &Seen, upload: &Upload) -> Option<String> {
    let Some(trace) = seen.traces.of_image(&upload.image_id) else { return Some("no trace".to_owned()) };
    let roots: Vec<&str> = trace.roots().iter().map(|span| span.name.as_str()).collect();
    if roots != ["issue_upload_url"] {
        return Some(format!("roots are {roots:?}"));
    }
    if names(&trace) != expected(upload) {
        return Some(format!("spans are {:?}, not {:?}", names(&trace), expected(upload)));
    }
    if trace.image_ids != [upload.image_id.clone()] {
        return Some(format!("it is about {:?}", trace.image_ids));
    }
    trace.spans.iter().find_map(|span| misplaced(&trace, span))
}

fn misplaced(trace: &Trace, span: &Span) -> Option<String> {
    let parent = trace.spans.iter().find(|parent| span.parent_span_id.as_ref() == Some(&parent.span_id));
    let parent = parent.map_or("", |parent| parent.name.as_str());
    let good = match (span.name.as_str(), span.kind) {
        ("issue_upload_url", _) => parent.is_empty(),
        ("process_image", _) => parent == "issue_upload_url",
        (_, Kind::Client) => parent == "process_image" || STEPS.contains(&parent),
        _ => parent == "process_image",
    };
    (!good).then(|| format!("{} is below {parent:?}", span.name))
}

/// Waits until every upload's spans have come; the failure names what is wrong.
pub(super) async fn assert_connected(harness: &Harness, uploads: &[Upload]) {
    let all =
        async || harness.observer.look(|seen| uploads.iter().all(|upload| fault(seen, upload).is_none()));
    if harness.until(async || all().await.then_some(())).await.is_none() {
        let wrong = harness.observer.look(|seen| {
            let wrong = uploads.iter().filter_map(|upload| Some((fault(seen, upload)?, upload)));
            wrong
                .map(|(fault, upload)| format!("{}: {fault} {:?}", upload.image_id, upload.struck))
                .collect::<Vec<_>>()
        });
        let problems = harness.observer.look(|seen| seen.problems.clone());
        let some = wrong[..wrong.len().min(5)].join("\n");
        panic!("{} of {} traces:\n{some}\nproblems: {problems:?}", wrong.len(), uploads.len());
    }
    harness.observer.look(|seen| {
        assert_eq!(seen.traces.dropped_spans(), 0);
        assert_eq!(seen.problems.get("spans lost"), None);
        let traces = seen.traces.newest(usize::MAX);
        let strays = uploads.iter().filter(|upload| is_stray(upload));
        let lost: Vec<&Upload> = strays.filter(|upload| !has_stray(&traces, upload)).collect();
        assert!(lost.is_empty(), "attempts that are in no trace: {lost:?}");
        assert_linked(seen, uploads);
        assert_calls_are_recorded(seen, uploads);
    });
}

/// Each batch and each of its images refer to each other; tens of images share a batch.
fn assert_linked(seen: &Seen, uploads: &[Upload]) {
    let link = |span: &Span| Link { trace_id: span.trace_id.clone(), span_id: span.span_id.clone() };
    let traces: Vec<Trace> = seen.traces.newest(usize::MAX);
    let batches: Vec<&Span> =
        traces.iter().flat_map(|trace| &trace.spans).filter(|span| span.name == "process_batch").collect();
    let ours: BTreeSet<&str> = uploads.iter().map(|upload| upload.image_id.as_str()).collect();
    let mut linked = 0;
    for trace in traces.iter().filter(|trace| trace.image_ids.iter().any(|id| ours.contains(id.as_str()))) {
        for image in trace.spans.iter().filter(|span| span.name == "process_image") {
            let batch = batches.iter().find(|batch| image.links.contains(&link(batch)));
            assert!(batch.is_some_and(|batch| batch.links.contains(&link(image))), "{image:?}");
            linked += 1;
        }
    }
    assert_eq!(linked, uploads.iter().map(Upload::receipts).sum::<usize>());
    let sizes = batches.iter().filter_map(|batch| batch.attributes.get("messaging.batch.message_count"));
    assert!(sizes.filter_map(serde_json::Value::as_u64).any(|size| size == 10), "no batch of ten");
}

/// Uploads that went the same way have the same spans of calls, none of them missing.
fn assert_calls_are_recorded(seen: &Seen, uploads: &[Upload]) {
    let mut ways: BTreeMap<String, BTreeMap<Vec<String>, usize>> = BTreeMap::new();
    for upload in uploads {
        let trace = seen.traces.of_image(&upload.image_id).unwrap();
        let calls = trace.spans.iter().filter(|span| span.kind == Kind::Client);
        let mut calls: Vec<String> = calls.map(|span| span.name.clone()).collect();
        calls.sort_unstable();
        assert!(!calls.is_empty(), "{} made calls", upload.image_id);
        let way = format!("{:?} {:?} {}", upload.reason, upload.struck, upload.comes_twice);
        *ways.entry(way).or_default().entry(calls).or_default() += 1;
    }
    for (way, calls) in ways {
        assert_eq!(calls.len(), 1, "{way}: {calls:?}");
    }
}
