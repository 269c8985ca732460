//! Dashboards of a deployed stack: the body that CloudWatch has, drawn from what `GetMetricData`, `DescribeAlarms` and
//! Logs Insights answer.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_client::{Aws, AwsError, chain};
use cloudwatch_model::alarm::State;
use cloudwatch_model::dashboard::svg::{DataSources, Rows, Theme};
use cloudwatch_model::dashboard::{Content, Dashboard, Drawn};
use cloudwatch_model::{Period, Timestamp};
use pipeline_client::stack::DeployedStack;
use serde_json::{Value, json};

use crate::cloudwatch::alarms::described;
use crate::cloudwatch::data::{Wanted, fetch};
use crate::cloudwatch::{CloudWatchError, call, list, text};

/// How often a query of logs is asked whether it is done, and how long at most.
const INTERVAL: Duration = Duration::from_millis(250);
const QUERIES: usize = 120;

/// The names of the stack's dashboards.
pub(super) async fn names(stack: &DeployedStack) -> Result<Vec<String>, CloudWatchError> {
    let resources = stack.resources().await?;
    let dashboards = resources.into_iter().filter(|resource| resource.kind == "AWS::CloudWatch::Dashboard");
    let mut names: Vec<String> = dashboards.map(|dashboard| dashboard.physical_id).collect();
    names.sort_unstable();
    Ok(names)
}

/// The dashboard as SVG.
pub(super) async fn draw(stack: &DeployedStack, name: &str, theme: Theme) -> Result<String, CloudWatchError> {
    let answer = call(&stack.aws, "GetDashboard", json!({"DashboardName": name})).await?;
    let body: Value = serde_json::from_str(text(&answer, "DashboardBody"))?;
    let dashboard = Dashboard::read(name, &body)?;
    let now = now().start_of(Period::MINUTE);
    let store = fetch(&stack.aws, &wanted(&dashboard, now)).await?;
    let states = states(&stack.aws, &dashboard).await?;
    let rows = rows(&stack.aws, &dashboard, now).await;
    let unasked = || Err("not asked".to_owned());
    let sources = DataSources {
        store: &store,
        now,
        theme,
        state: &|name| states.get(name).copied(),
        logs: &|query| rows.get(query).cloned().unwrap_or_else(unasked),
    };
    Ok(dashboard.svg(&sources)?)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The statistics that the widgets show or compute with.
fn wanted(dashboard: &Dashboard, now: Timestamp) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for widget in &dashboard.widgets {
        let Content::Metrics(metrics) = &widget.content else { continue };
        for line in &metrics.lines {
            let Drawn::Metric(stat) = &line.of else { continue };
            let starts = metrics.starts(now, dashboard.span_millis);
            wanted.push(Wanted { stat: stat.clone(), period: metrics.period, starts });
        }
    }
    wanted
}

async fn states(aws: &Aws, dashboard: &Dashboard) -> Result<BTreeMap<String, State>, AwsError> {
    let mut names: Vec<&str> = Vec::new();
    for widget in &dashboard.widgets {
        if let Content::Alarms { names: shown, .. } = &widget.content {
            names.extend(shown.iter().map(String::as_str));
        }
    }
    let alarms = described(aws, &names).await?;
    let state =
        |alarm: &Value| State::ALL.into_iter().find(|state| state.as_str() == text(alarm, "StateValue"));
    Ok(alarms.iter().filter_map(|alarm| Some((text(alarm, "AlarmName").to_owned(), state(alarm)?))).collect())
}

/// The answers to the queries of logs; what fails is drawn in its widget.
async fn rows(aws: &Aws, dashboard: &Dashboard, now: Timestamp) -> BTreeMap<String, Result<Rows, String>> {
    let mut rows = BTreeMap::new();
    for widget in &dashboard.widgets {
        let Content::Log { query, .. } = &widget.content else { continue };
        let found = query_logs(aws, query, now, dashboard.span_millis).await;
        rows.insert(query.clone(), found.map_err(|error| chain(&error)));
    }
    rows
}

async fn query_logs(aws: &Aws, query: &str, now: Timestamp, span_millis: i64) -> Result<Rows, AwsError> {
    let call = |operation: &'static str, body| {
        let target = format!("Logs_20140328.{operation}");
        async move { aws.json("logs", &target, body).await }
    };
    let until = now.as_millis() / 1000;
    let ask = json!({"queryString": query, "startTime": until - span_millis / 1000, "endTime": until});
    let started = call("StartQuery", ask).await?;
    let id = json!({"queryId": text(&started, "queryId")});
    for _ in 0..QUERIES {
        let answer = call("GetQueryResults", id.clone()).await?;
        if !matches!(text(&answer, "status"), "Scheduled" | "Running") {
            return Ok(table(list(&answer, "results")));
        }
        tokio::time::sleep(INTERVAL).await;
    }
    Ok(Rows::default())
}

/// Rows of `GetQueryResults`: a list of fields each, in the query's order; `@ptr` is for programs.
fn table(results: &[Value]) -> Rows {
    let fields = |row: &Value| -> Vec<(String, String)> {
        let fields = row.as_array().into_iter().flatten().filter(|field| text(field, "field") != "@ptr");
        fields.map(|field| (text(field, "field").to_owned(), text(field, "value").to_owned())).collect()
    };
    let mut columns: Vec<String> = Vec::new();
    for (field, _) in results.iter().flat_map(fields) {
        if !columns.contains(&field) {
            columns.push(field);
        }
    }
    let cells = |row: &Value| {
        let fields: BTreeMap<String, String> = fields(row).into_iter().collect();
        columns.iter().map(|column| fields.get(column).cloned().unwrap_or_default()).collect()
    };
    Rows { rows: results.iter().map(cells).collect(), columns }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_query_have_a_cell_for_every_column_and_none_for_pointers() {
        let field = |name: &str, value: &str| json!({"field": name, "value": value});
        let results =
            [json!([field("a", "1"), field("@ptr", "x")]), json!([field("a", "2"), field("b", "3")])];
        let rows = table(&results);
        assert_eq!(rows.columns, ["a", "b"]);
        assert_eq!(rows.rows, [["1", ""], ["2", "3"]]);
    }
}
