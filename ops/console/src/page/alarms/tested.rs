//! Unit tests of one alarm, run when they are looked at.

use std::path::Path as FilePath;

use aws_client::chain;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Html;
use cloudwatch_model::scenario::bench::BenchError;
use cloudwatch_model::scenario::file::Test;
use cloudwatch_model::scenario::folder::{self, FolderError};
use cloudwatch_model::scenario::timeline;
use maud::{Markup, html};

use crate::app::App;
use crate::page::{Page, Problem};
use crate::ui;

/// Why the tests were not run.
#[derive(Debug)]
enum Untested {
    Folder(FolderError),
    Bench(BenchError),
}

pub(super) async fn show(app: App, Path(name): Path<String>) -> Page {
    let id = app.source.observer.look(|seen| seen.alarms.set().get(&name).map(|alarm| alarm.id.clone()));
    let Some(id) = id else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "No such alarm",
            "No alarm of the stack has this name.",
        ));
    };
    let root = app.source.root.clone();
    let tested = tokio::task::spawn_blocking(move || run(&root, &id)).await;
    let content = match tested {
        Ok(Ok(results)) => drawn(&results),
        Ok(Err(Untested::Folder(error))) => not_run(&chain(&error)),
        Ok(Err(Untested::Bench(error))) => not_run(&chain(&error)),
        Err(_) => not_run("the tests ended unexpectedly"),
    };
    Ok(Html(content.into_string()))
}

/// A test, and what it saw instead of what it claims.
type Tested = (Test, Option<String>);

/// The tests about the alarm with this logical id; a stack may call the alarm otherwise than the bench.
fn run(root: &FilePath, id: &str) -> Result<Vec<Tested>, Untested> {
    let suite = folder::read(root).map_err(Untested::Folder)?;
    let (_, alarms) = suite.bench().alarms().map_err(Untested::Bench)?;
    let Some(alarm) = alarms.iter().find(|alarm| alarm.id == id) else { return Ok(Vec::new()) };
    let watches = |test: &&Test| test.states.as_ref().is_some_and(|(name, _)| *name == alarm.name);
    let rings = |test: &&Test| test.rings.as_ref().is_some_and(|names| names.contains(&alarm.name));
    let about = suite.tests().iter().filter(|test| watches(test) || rings(test));
    let run = about.map(|test| {
        let mismatch = suite.run(test).map_err(Untested::Bench)?;
        Ok((test.clone(), mismatch.map(|mismatch| mismatch.to_string())))
    });
    run.collect()
}

fn drawn(results: &[Tested]) -> Markup {
    if results.is_empty() {
        return ui::empty(
            "No unit test is about this alarm.",
            html! { p { "Tests stand in " code { "alarms/tests" } ", one file an alarm." } },
        );
    }
    let failed = results.iter().filter(|(_, mismatch)| mismatch.is_some()).count();
    html! {
        p .inset role="status" {
            @if failed == 0 { "All " (results.len()) " pass." } @else { (failed) " of " (results.len()) " fail." }
        }
        ul .rows .tight {
            @for (test, mismatch) in results {
                li {
                    div .row-head {
                        @if mismatch.is_some() { span .badge .bad { "fails" } } @else { span .badge .good { "passes" } }
                        span { (test.name) }
                    }
                    @match (mismatch, &test.states) {
                        (Some(mismatch), _) => pre .code { (mismatch) },
                        (None, Some((_, entries))) if !entries.is_empty() => p .soft .mono { (timeline(entries)) },
                        (None, _) => {},
                    }
                    p .note { (test.location) }
                }
            }
        }
    }
}

fn not_run(why: &str) -> Markup {
    html! { p .problem { "The tests were not run: " (why) } }
}
