//! Reader of alarms: a resource of CloudFormation, with its references resolved, becomes an alarm.

use serde_json::Value;

use super::data::{DataQuery, MetricStat, Queried, Source};
use super::{
    Actions, Alarm, AlarmError, Comparison, Kind, MetricAlarm, MissingData, Notes, Rule, State, WarmUp,
};
use crate::fields::Fields;
use crate::id::{Dimensions, MetricId};
use crate::location::Location;
use crate::math::Expression;
use crate::statistic::Statistic;
use crate::store::MetricStore;
use crate::template::Resource;
use crate::time::{Period, Timestamp};

/// How far back an alarm looks at most with periods below an hour, and with longer ones.
const MAX_WINDOW_SECONDS: u64 = 86_400;
const MAX_WINDOW_OF_HOURS_SECONDS: u64 = 604_800;
const HOUR_SECONDS: u32 = 3600;
/// Metrics that an alarm's expression reads at most.
const MAX_METRICS: usize = 10;

/// The alarm that a resource states; `None` for resources of other types.
///
/// # Errors
/// Properties that CloudWatch would refuse, and those that are not evaluated here.
pub(super) fn alarm(resource: &Resource) -> Result<Option<Alarm>, AlarmError> {
    let fields = Fields::of(&resource.properties, resource.location.member("Properties"));
    let kind = match resource.kind.as_str() {
        "AWS::CloudWatch::Alarm" => Kind::Metric(Box::new(metric_alarm(&fields)?)),
        "AWS::CloudWatch::CompositeAlarm" => Kind::Composite(composite(&fields)?),
        _ => return Ok(None),
    };
    let alarm = Alarm {
        name: fields.text("AlarmName")?.to_owned(),
        id: resource.id.clone(),
        description: fields.text_or_none("AlarmDescription")?.unwrap_or_default().to_owned(),
        notes: notes(resource)?,
        actions: actions(&fields)?,
        kind,
        location: resource.location.clone(),
    };
    fields.finish()?;
    Ok(Some(alarm))
}

fn actions(fields: &Fields<'_>) -> Result<Actions, AlarmError> {
    Ok(Actions {
        are_disabled: !fields.truth("ActionsEnabled", true)?,
        ok: fields.texts("OKActions")?,
        alarm: fields.texts("AlarmActions")?,
        insufficient_data: fields.texts("InsufficientDataActions")?,
    })
}

fn notes(resource: &Resource) -> Result<Notes, AlarmError> {
    let fields = Fields::of(&resource.metadata, resource.location.member("Metadata"));
    let text = |name| fields.text_or_none(name).map(|text| text.unwrap_or_default().to_owned());
    let notes = Notes {
        severity: text("severity")?,
        owner: text("owner")?,
        runbook: text("runbook")?,
        reason: text("reason")?,
    };
    fields.finish()?;
    Ok(notes)
}

fn composite(fields: &Fields<'_>) -> Result<Rule, AlarmError> {
    let location = fields.at("AlarmRule");
    Rule::parse(fields.text("AlarmRule")?).map_err(|source| AlarmError::Rule { location, source })
}

fn metric_alarm(fields: &Fields<'_>) -> Result<MetricAlarm, AlarmError> {
    let (source, period) = match fields.get("Metrics") {
        Some(_) => math(fields)?,
        None => (Source::Metric(metric(fields)?), period(fields, "Period")?),
    };
    let evaluation_periods = fields.count("EvaluationPeriods")?;
    let datapoints_to_alarm = fields.count_or_none("DatapointsToAlarm")?.unwrap_or(evaluation_periods);
    if datapoints_to_alarm > evaluation_periods {
        let why = format!("{datapoints_to_alarm} are more than the {evaluation_periods} evaluated periods");
        return Err(AlarmError::limit(&fields.at("DatapointsToAlarm"), why));
    }
    let (most, named) = if period.as_seconds() < HOUR_SECONDS {
        (MAX_WINDOW_SECONDS, "a day")
    } else {
        (MAX_WINDOW_OF_HOURS_SECONDS, "seven days")
    };
    if u64::from(evaluation_periods) * u64::from(period.as_seconds()) > most {
        let why = format!("{evaluation_periods} periods of {period} are longer than {named}");
        return Err(AlarmError::limit(&fields.at("EvaluationPeriods"), why));
    }
    let comparison = fields.word("ComparisonOperator", Comparison::ALL, Comparison::as_str)?;
    let comparison =
        comparison.ok_or_else(|| AlarmError::shape(&fields.at("ComparisonOperator"), "given"))?;
    let missing = fields.word("TreatMissingData", MissingData::ALL, MissingData::as_str)?;
    let alarm = MetricAlarm {
        source,
        period,
        evaluation_periods: evaluation_periods as usize,
        datapoints_to_alarm: datapoints_to_alarm as usize,
        comparison,
        threshold: fields.number("Threshold")?,
        missing: missing.unwrap_or(MissingData::Missing),
        ignores_few_samples: ignores_few_samples(fields)?,
        warm_up: WarmUp::read(fields)?,
    };
    // Whether an expression can be evaluated does not depend on the data.
    let empty = alarm.evaluate(&MetricStore::new(), Timestamp::from_millis(0), State::InsufficientData);
    let location = fields.at("Metrics");
    empty.map_err(|source| AlarmError::Math { location, source })?;
    Ok(alarm)
}

fn ignores_few_samples(fields: &Fields<'_>) -> Result<bool, AlarmError> {
    const NAME: &str = "EvaluateLowSampleCountPercentile";
    match fields.text_or_none(NAME)? {
        None | Some("evaluate") => Ok(false),
        Some("ignore") => Ok(true),
        Some(other) => Err(fields.unsupported(NAME, format!("the value {other}")).into()),
    }
}

fn period(fields: &Fields<'_>, name: &'static str) -> Result<Period, AlarmError> {
    let period = Period::from_seconds(fields.count(name)?);
    period.map_err(|error| AlarmError::invalid(&fields.at(name), error))
}

/// The metric of an alarm that its own properties name.
fn metric(fields: &Fields<'_>) -> Result<MetricStat, AlarmError> {
    let metric = metric_id(fields)?;
    let simple = fields.text_or_none("Statistic")?.map(|text| ("Statistic", text));
    let extended = fields.text_or_none("ExtendedStatistic")?.map(|text| ("ExtendedStatistic", text));
    let ((Some((name, text)), None) | (None, Some((name, text)))) = (simple, extended) else {
        let expected = "given Statistic or ExtendedStatistic, and not both";
        return Err(AlarmError::shape(fields.here(), expected));
    };
    let statistic: Statistic = text.parse().map_err(|error| AlarmError::invalid(&fields.at(name), error))?;
    let is_extended = matches!(statistic, Statistic::Percentile(_) | Statistic::TrimmedCount(_));
    if is_extended != (name == "ExtendedStatistic") {
        return Err(AlarmError::shape(
            &fields.at(name),
            "of its kind: percentiles and counts are extended ones",
        ));
    }
    let unit = fields.text_or_none("Unit")?.map(str::parse).transpose();
    let unit = unit.map_err(|error| AlarmError::invalid(&fields.at("Unit"), error))?;
    Ok(MetricStat { metric, statistic, unit })
}

fn metric_id(fields: &Fields<'_>) -> Result<MetricId, AlarmError> {
    let mut pairs = Vec::new();
    for (index, dimension) in fields.list("Dimensions")?.iter().enumerate() {
        let dimension = Fields::of_value(dimension, fields.at("Dimensions").index(index))?;
        pairs.push((dimension.text("Name")?.to_owned(), dimension.text("Value")?.to_owned()));
        dimension.finish()?;
    }
    let dimensions =
        Dimensions::new(pairs).map_err(|error| AlarmError::invalid(&fields.at("Dimensions"), error))?;
    let (namespace, name) = (fields.text("Namespace")?, fields.text("MetricName")?);
    MetricId::new(namespace, name, dimensions).map_err(|error| AlarmError::invalid(fields.here(), error))
}

/// The `Metrics` of an alarm, in an order in which each names only those before it.
fn math(fields: &Fields<'_>) -> Result<(Source, Period), AlarmError> {
    let location = fields.at("Metrics");
    let items = fields.list("Metrics")?;
    let (mut queries, mut periods, mut returned) = (Vec::new(), Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        let (query, period, returns) = query(item, location.index(index))?;
        periods.extend(period);
        returned.extend(returns.then(|| query.id.clone()));
        queries.push(query);
    }
    let [returned] = returned.as_slice() else {
        return Err(AlarmError::limit(&location, "exactly one member must have ReturnData"));
    };
    let Some(&period) = periods.first() else {
        return Err(AlarmError::limit(&location, "an alarm needs a metric"));
    };
    if periods.iter().any(|other| *other != period) {
        return Err(AlarmError::limit(&location, "all metrics of an alarm must have the same period"));
    }
    if periods.len() > MAX_METRICS {
        let why = format!("{} metrics, {MAX_METRICS} are allowed", periods.len());
        return Err(AlarmError::limit(&location, why));
    }
    let queries = in_order(queries, &location)?;
    Ok((Source::Math { queries, returned: returned.clone() }, period))
}

fn query(item: &Value, location: Location) -> Result<(DataQuery, Option<Period>, bool), AlarmError> {
    let fields = Fields::of_value(item, location)?;
    let id = fields.text("Id")?.to_owned();
    if !id.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Err(AlarmError::shape(&fields.at("Id"), "a word that begins with a small letter"));
    }
    let returns = fields.truth("ReturnData", true)?;
    let label = fields.text_or_none("Label")?.map(str::to_owned);
    let (of, period) = match (fields.get("MetricStat"), fields.text_or_none("Expression")?) {
        (Some(stat), None) => {
            let (stat, period) = metric_stat(stat, fields.at("MetricStat"))?;
            (Queried::Metric(stat), Some(period))
        }
        (None, Some(text)) => {
            let location = fields.at("Expression");
            let expression = Expression::parse(text);
            (Queried::Expression(expression.map_err(|source| AlarmError::Math { location, source })?), None)
        }
        _ => return Err(AlarmError::shape(fields.here(), "given MetricStat or Expression, and not both")),
    };
    fields.finish()?;
    Ok((DataQuery { id, label, of }, period, returns))
}

fn metric_stat(value: &Value, location: Location) -> Result<(MetricStat, Period), AlarmError> {
    let fields = Fields::of_value(value, location)?;
    let metric = fields.get("Metric").ok_or_else(|| AlarmError::shape(&fields.at("Metric"), "an object"))?;
    let metric_fields = Fields::of_value(metric, fields.at("Metric"))?;
    let metric = metric_id(&metric_fields)?;
    metric_fields.finish()?;
    let period = period(&fields, "Period")?;
    let statistic = fields.text("Stat")?.parse();
    let statistic = statistic.map_err(|error| AlarmError::invalid(&fields.at("Stat"), error))?;
    let unit = fields.text_or_none("Unit")?.map(str::parse).transpose();
    let unit = unit.map_err(|error| AlarmError::invalid(&fields.at("Unit"), error))?;
    fields.finish()?;
    Ok((MetricStat { metric, statistic, unit }, period))
}

/// Metrics first, then expressions as soon as all that they name is there.
fn in_order(queries: Vec<DataQuery>, location: &Location) -> Result<Vec<DataQuery>, AlarmError> {
    let (mut ordered, mut waiting): (Vec<_>, Vec<_>) =
        queries.into_iter().partition(|query| matches!(query.of, Queried::Metric(_)));
    while !waiting.is_empty() {
        let known = |id: &str| ordered.iter().any(|known: &DataQuery| known.id == id);
        let ready = |query: &DataQuery| match &query.of {
            Queried::Expression(expression) => expression.ids().into_iter().all(known),
            Queried::Metric(_) => true,
        };
        let Some(index) = waiting.iter().position(ready) else {
            return Err(AlarmError::limit(location, "an expression names an id that no other member has"));
        };
        ordered.push(waiting.remove(index));
    }
    Ok(ordered)
}
