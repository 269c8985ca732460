//! Saved queries of Logs Insights: run over the logs of real uploads, and held to dashboards and runbooks.

use std::collections::BTreeSet;

use aws_client::AwsError;
use cloudwatch_model::dashboard::Content;
use http::Method;
use image::ImageFormat;
use local_stack::observe::Seen;
use regex_lite::Regex;
use serde_json::{Value, json};

use crate::harness::{Harness, root};
use crate::picture::picture;
use crate::uploader::{anybody, upload};

/// A saved query: its groups, and its text.
type Saved = (Vec<String>, String);

async fn logs(harness: &Harness, operation: &str, request: Value) -> Result<Value, AwsError> {
    harness.aws.json("logs", &format!("Logs_20140328.{operation}"), request).await
}

async fn saved(harness: &Harness) -> Vec<(String, Saved)> {
    let prefix = json!({"queryDefinitionNamePrefix": "image-pipeline/"});
    let answer = logs(harness, "DescribeQueryDefinitions", prefix).await.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |it: &Value| {
        let mut groups: Vec<String> = it["logGroupNames"].as_array().unwrap().iter().map(text).collect();
        groups.sort();
        (text(&it["name"]), (groups, text(&it["queryString"])))
    };
    answer["queryDefinitions"].as_array().unwrap().iter().map(one).collect()
}

/// The fields that a query names first.
fn fields((_, text): &Saved) -> impl Iterator<Item = &str> {
    text.split(" | ").find_map(|command| command.strip_prefix("fields ")).unwrap_or_default().split(", ")
}

/// The rows of a query over all that was logged, each with its cells.
async fn rows(harness: &Harness, (groups, text): &Saved) -> Vec<Vec<(String, String)>> {
    let request =
        json!({"logGroupNames": groups, "startTime": 0, "endTime": 9_999_999_999_u64, "queryString": text});
    let started = logs(harness, "StartQuery", request).await.unwrap();
    let answer = logs(harness, "GetQueryResults", started).await.unwrap();
    assert_eq!(answer["status"], "Complete");
    let cell =
        |it: &Value| (it["field"].as_str().unwrap().to_owned(), it["value"].as_str().unwrap().to_owned());
    let row = |row: &Value| row.as_array().unwrap().iter().map(cell).collect();
    answer["results"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn each_saved_query_runs_over_what_uploads_and_refusals_logged() {
    let harness = Harness::shared().await;
    let user = anybody(harness).await;
    let good = upload(harness, &user, picture(ImageFormat::Jpeg)).await.image_id;
    let bad = upload(harness, &user, b"no image".to_vec()).await.image_id;
    harness.settled(&good).await;
    harness.settled(&bad).await;
    let url = format!("{}/generate-upload-url", harness.output("ApiUrl"));
    let nobody = aws_client::http::Http::new().send(Method::POST, &url, &[], Vec::new()).await.unwrap();
    assert_eq!(nobody.status(), 401);

    let queries = saved(harness).await;
    assert_eq!(queries.len(), 9);
    for (name, query) in &queries {
        // What each must find, by now or soon.
        let has = |cells: &[(String, String)]| {
            let is =
                |field: &str, value: &str| cells.iter().any(|(name, found)| name == field && found == value);
            // A field that no such line has would be an empty column for ever.
            let is_full = || fields(query).all(|field| cells.iter().any(|(name, _)| name == field));
            match name.rsplit('/').next().unwrap() {
                "slowest-images" => is("image_id", &good) && is_full(),
                "refused-images" => is("image_id", &bad) && is_full(),
                "urls-by-user" => cells.iter().any(|(name, _)| name == "urls"),
                "api-client-errors" => is("status", "401"),
                // Nothing of these need have happened: they are run, and that is all.
                "warnings-and-errors"
                | "faults-by-step"
                | "failed-invocations"
                | "api-server-errors"
                | "api-slow-requests" => true,
                other => panic!("{other}: state what it must find"),
            }
        };
        let found = async || {
            let rows = rows(harness, query).await;
            let may_be_empty = has(&[]);
            (may_be_empty || rows.iter().any(|cells| has(cells))).then_some(())
        };
        assert!(
            harness.until(found).await.is_some(),
            "{name}: {:?}\n{}",
            rows(harness, query).await,
            harness.story(&bad)
        );
    }
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_refused_and_not_answered_wrongly() {
    let harness = Harness::shared().await;
    let group = format!("/aws/lambda/{}", harness.output("ImageProcessorFunctionName"));
    for wrong in ["parse @message '*' as x", "fields a | filter a ~ 'b'"] {
        let request = json!({"logGroupName": group, "startTime": 0, "endTime": 1, "queryString": wrong});
        let refused = logs(harness, "StartQuery", request).await.unwrap_err();
        let AwsError::Refused { code, message, .. } = refused else { panic!("{refused:?}") };
        assert_eq!(code, "MalformedQueryException");
        assert!(message.contains("is not understood here"), "{message}");
    }
}

/// The queries of the dashboards' widgets: `SOURCE` commands are the groups.
fn drawn(harness: &Harness) -> Vec<Saved> {
    let queries: Vec<String> = harness.observer.look(|seen| {
        let widgets = seen.dashboards.values().flat_map(|it| &it.dashboard.widgets);
        let log = |content: &Content| match content {
            Content::Log { query, .. } => Some(query.clone()),
            _ => None,
        };
        widgets.filter_map(|widget| log(&widget.content)).collect()
    });
    let split = |query: String| {
        let (sources, commands): (Vec<&str>, Vec<&str>) =
            query.split(" | ").partition(|command| command.starts_with("SOURCE "));
        let mut groups: Vec<String> =
            sources.iter().map(|source| source["SOURCE ".len()..].trim_matches('\'').to_owned()).collect();
        groups.sort();
        (groups, commands.join(" | "))
    };
    queries.into_iter().map(split).collect()
}

/// The filter patterns of all runbooks, as Logs Insights writes them.
fn filtered() -> BTreeSet<String> {
    let pattern = Regex::new(r"'\{ (\$.*?) \}'").unwrap();
    let term = Regex::new(r#"\$\.([\w.]+) (!=|=|>|<) ("[^"]*"|\d+)"#).unwrap();
    let mut filters = BTreeSet::new();
    for file in std::fs::read_dir(root().join("runbooks")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for found in pattern.captures_iter(&text) {
            let filter = term.replace_all(&found[1], |it: &regex_lite::Captures<'_>| {
                let (field, order, value) = (&it[1], &it[2], it[3].replace('"', "'"));
                match value.strip_suffix("*'") {
                    Some(begin) => format!("{field} like /^{}/", begin.trim_start_matches('\'')),
                    None => format!("{field} {order} {value}"),
                }
            });
            filters.insert(filter.replace("&&", "and").replace("||", "or"));
        }
    }
    filters
}

#[tokio::test]
async fn the_dashboards_query_of_the_access_log_has_rows_in_the_console() {
    let harness = Harness::shared().await;
    let image = upload(harness, &anybody(harness).await, picture(ImageFormat::Jpeg)).await.image_id;
    let rows = |seen: &Seen| {
        let widgets = seen.dashboards.values().flat_map(|it| &it.dashboard.widgets);
        let query = widgets.into_iter().find_map(|widget| match &widget.content {
            Content::Log { query, .. } if query.contains("urls by sub") => Some(query),
            _ => None,
        })?;
        let found = local_stack::observe::insights::answer(&seen.logs, query).unwrap();
        (!found.rows.is_empty()).then_some(())
    };
    harness.seen("the rows of the access log", &image, rows).await;
}

#[tokio::test]
async fn each_dashboards_query_is_saved_and_each_other_one_is_a_runbooks_filter() {
    let harness = Harness::shared().await;
    let mut queries = saved(harness).await;
    let drawn = drawn(harness);
    assert_eq!(drawn.len(), 4);
    for query in &drawn {
        let known = queries.iter().position(|(_, saved)| saved == query);
        queries.remove(known.unwrap_or_else(|| panic!("no saved query is {query:?}")));
    }
    let filters = filtered();
    for (name, (_, text)) in queries {
        let filter = text.split(" | ").find_map(|command| command.strip_prefix("filter ")).unwrap();
        assert!(
            filters.contains(filter),
            "{name}: no runbook filters by {filter}; they filter by {filters:#?}"
        );
    }
}
