//! Mutation operators of metric alarms: what can be made wrong in one.

use serde_json::{Map, Value, json};

use super::Change;
use crate::alarm::{Comparison, MissingData};
use crate::math;

type Properties = Map<String, Value>;

const STATISTICS: &[&str] = &["SampleCount", "Sum", "Average", "Minimum", "Maximum", "p50", "p99"];

pub(super) fn changes(properties: &Properties) -> Vec<(String, Change)> {
    let mut changes = Vec::new();
    for (name, label) in [
        ("Threshold", "threshold"),
        ("EvaluationPeriods", "evaluation periods"),
        ("DatapointsToAlarm", "datapoints to alarm"),
        ("WarmUpConfiguration/WarmUpPeriodDurationInMinutes", "warm-up"),
    ] {
        changes.extend(number(properties, name, label));
    }
    let comparisons: Vec<&str> = Comparison::ALL.iter().map(|one| one.as_str()).collect();
    changes.extend(words(properties, "ComparisonOperator", "comparison", &comparisons));
    let treatments: Vec<&str> = MissingData::ALL.iter().map(|one| one.as_str()).collect();
    changes.extend(words(properties, "TreatMissingData", "missing data", &treatments));
    changes.extend(periods(properties));
    changes.extend(single_statistic(properties));
    changes.extend(dimensions(properties, "/Dimensions", ""));
    let queries = properties.get("Metrics").and_then(Value::as_array).map(Vec::as_slice);
    for (index, query) in queries.unwrap_or_default().iter().enumerate() {
        let id = query.get("Id").and_then(Value::as_str).unwrap_or_default();
        let (at, label) = (format!("/Metrics/{index}"), format!("{id}: "));
        changes.extend(constants(properties, &format!("{at}/Expression"), &label));
        changes.extend(queried_statistic(properties, &format!("{at}/MetricStat/Stat"), &label));
        changes.extend(dimensions(properties, &format!("{at}/MetricStat/Metric/Dimensions"), &label));
    }
    changes
}

fn at<'a>(properties: &'a Properties, pointer: &str) -> Option<&'a Value> {
    let (first, rest) =
        pointer.trim_start_matches('/').split_once('/').unwrap_or((pointer.trim_start_matches('/'), ""));
    let value = properties.get(first)?;
    if rest.is_empty() { Some(value) } else { value.pointer(&format!("/{rest}")) }
}

fn at_mut<'a>(properties: &'a mut Properties, pointer: &str) -> Option<&'a mut Value> {
    let (first, rest) =
        pointer.trim_start_matches('/').split_once('/').unwrap_or((pointer.trim_start_matches('/'), ""));
    let value = properties.get_mut(first)?;
    if rest.is_empty() { Some(value) } else { value.pointer_mut(&format!("/{rest}")) }
}

fn set(properties: &mut Properties, pointer: &str, value: Value) {
    if let Some(slot) = at_mut(properties, pointer) {
        *slot = value;
    }
}

/// A number one unit of its last digit up or down.
pub(super) fn stepped(text: &str, up: bool) -> Option<String> {
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let unit = 10f64.powi(-i32::try_from(decimals).ok()?);
    let value = text.parse::<f64>().ok()? + if up { unit } else { -unit };
    Some(format!("{value:.decimals$}"))
}

fn spelt(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(properties: &Properties, name: &'static str, label: &str) -> Vec<(String, Change)> {
    let Some(value) = at(properties, name) else { return Vec::new() };
    let text = spelt(value);
    let each = [true, false].into_iter().filter_map(|up| {
        let what = format!("{label} {text} → {}", stepped(&text, up)?);
        let change: Change = Box::new(move |properties| {
            let stepped = at(properties, name).and_then(|value| stepped(&spelt(value), up));
            if let Some(stepped) = stepped {
                set(properties, name, stepped.into());
            }
        });
        Some((what, change))
    });
    each.collect()
}

fn words(properties: &Properties, name: &'static str, label: &str, all: &[&str]) -> Vec<(String, Change)> {
    let Some(now) = properties.get(name).and_then(Value::as_str) else { return Vec::new() };
    let others = all.iter().filter(|word| **word != now).map(|word| {
        let (what, word) = (format!("{label} {now} → {word}"), (*word).to_owned());
        let change: Change = Box::new(move |properties| set(properties, name, word.clone().into()));
        (what, change)
    });
    others.collect()
}

/// All periods of the alarm at once, as they must agree.
fn periods(properties: &Properties) -> Vec<(String, Change)> {
    let places = |properties: &Properties| -> Vec<String> {
        let queries = properties.get("Metrics").and_then(Value::as_array).map_or(0, Vec::len);
        let of_queries = (0..queries).map(|index| format!("/Metrics/{index}/MetricStat/Period"));
        let all = std::iter::once("/Period".to_owned()).chain(of_queries);
        all.filter(|place| at(properties, place).is_some()).collect()
    };
    let now = places(properties).first().and_then(|place| at(properties, place)).and_then(Value::as_u64);
    let Some(now) = now else { return Vec::new() };
    let each = [("doubled", 2, 1), ("halved", 1, 2)].into_iter().map(|(name, times, parts)| {
        // A period is whole minutes from one minute on.
        let scaled = move |period: u64| match period * times / parts {
            short @ 0..60 => short,
            long => long.next_multiple_of(60),
        };
        let change: Change = Box::new(move |properties| {
            for place in places(properties) {
                if let Some(period) = at(properties, &place).and_then(Value::as_u64) {
                    set(properties, &place, scaled(period).into());
                }
            }
        });
        (format!("period {now} {name}"), change)
    });
    each.collect()
}

fn single_statistic(properties: &Properties) -> Vec<(String, Change)> {
    let simple = properties.get("Statistic").or_else(|| properties.get("ExtendedStatistic"));
    let Some(now) = simple.and_then(Value::as_str) else { return Vec::new() };
    let others = STATISTICS.iter().filter(|other| **other != now).map(|other| {
        let change: Change = Box::new(move |properties| {
            properties.retain(|name, _| name != "Statistic" && name != "ExtendedStatistic");
            let name = if other.starts_with('p') { "ExtendedStatistic" } else { "Statistic" };
            properties.insert(name.to_owned(), (*other).into());
        });
        (format!("statistic {now} → {other}"), change)
    });
    others.collect()
}

fn queried_statistic(properties: &Properties, place: &str, label: &str) -> Vec<(String, Change)> {
    let Some(now) = at(properties, place).and_then(Value::as_str) else { return Vec::new() };
    let others = STATISTICS.iter().filter(|other| **other != now).map(|other| {
        let place = place.to_owned();
        let change: Change = Box::new(move |properties| set(properties, &place, (*other).into()));
        (format!("{label}statistic {now} → {other}"), change)
    });
    let mut changes: Vec<(String, Change)> = others.collect();
    if let Some(bound) = now.strip_prefix("TC(").and_then(|rest| rest.strip_suffix(":)")) {
        for up in [true, false] {
            let Some(moved) = stepped(bound, up) else { continue };
            let (place, statistic) = (place.to_owned(), format!("TC({moved}:)"));
            let what = format!("{label}statistic {now} → {statistic}");
            changes
                .push((what, Box::new(move |properties| set(properties, &place, statistic.clone().into()))));
        }
    }
    changes
}

fn dimensions(properties: &Properties, place: &str, label: &str) -> Vec<(String, Change)> {
    let mut changes: Vec<(String, Change)> = Vec::new();
    let list = at(properties, place).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, dimension) in list.iter().enumerate() {
        let name = dimension.get("Name").and_then(Value::as_str).unwrap_or_default();
        let dropped = place.to_owned();
        changes.push((
            format!("{label}dimension {name} dropped"),
            Box::new(move |properties| {
                if let Some(list) = at_mut(properties, &dropped).and_then(Value::as_array_mut) {
                    list.remove(index);
                }
            }),
        ));
        let value = format!("{place}/{index}/Value");
        changes.push((
            format!("{label}dimension {name} changed"),
            Box::new(move |properties| set(properties, &value, json!("other"))),
        ));
    }
    changes
}

fn constants(properties: &Properties, place: &str, label: &str) -> Vec<(String, Change)> {
    let Some(text) = at(properties, place).and_then(Value::as_str) else { return Vec::new() };
    let spans = math::constants(text).unwrap_or_default();
    let mut changes: Vec<(String, Change)> = Vec::new();
    for (index, span) in spans.into_iter().enumerate() {
        for up in [true, false] {
            let constant = text.get(span.clone()).unwrap_or_default();
            let Some(moved) = stepped(constant, up) else { continue };
            let what = format!("{label}constant {} {constant} → {moved}", index + 1);
            let place = place.to_owned();
            changes.push((
                what,
                Box::new(move |properties| {
                    let Some(text) = at(properties, &place).and_then(Value::as_str) else { return };
                    let spans = math::constants(text).unwrap_or_default();
                    let Some(span) = spans.get(index) else { return };
                    let constant = text.get(span.clone()).unwrap_or_default();
                    let Some(moved) = stepped(constant, up) else { return };
                    let mut text = text.to_owned();
                    text.replace_range(span.clone(), &format!("({moved})"));
                    set(properties, &place, text.into());
                }),
            ));
        }
    }
    changes
}
