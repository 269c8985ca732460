//! Reader of dashboards: a `DashboardBody` becomes widgets.

use serde_json::Value;

use super::{
    Annotation, Axis, COLUMNS, Content, Dashboard, DashboardError, Drawn, Line, MetricWidget, View, Widget,
};
use crate::alarm::MetricStat;
use crate::fields::{FieldError, Fields};
use crate::id::{Dimensions, MetricId};
use crate::location::Location;
use crate::math::Expression;
use crate::statistic::Statistic;
use crate::time::Period;

const DEFAULT_SPAN_MILLIS: i64 = 3 * 3600 * 1000;

type Read<T> = Result<T, DashboardError>;

impl Dashboard {
    /// The dashboard that a body states; `name` is what errors call it.
    ///
    /// # Errors
    /// A body that CloudWatch would refuse, and what is not drawn here.
    pub fn read(name: &str, body: &Value) -> Read<Self> {
        let fields = Fields::of_value(body, Location::file(name))?;
        let span_millis = match fields.text_or_none("start")? {
            Some(text) => {
                span(text).ok_or_else(|| fields.unsupported("start", format!("the value {text}")))?
            }
            None => DEFAULT_SPAN_MILLIS,
        };
        fields.text_or_none("periodOverride")?;
        let widgets = fields.list("widgets")?.iter().enumerate();
        let widgets: Read<Vec<Widget>> =
            widgets.map(|(index, value)| widget(value, fields.at("widgets").index(index))).collect();
        fields.finish()?;
        Ok(Self { span_millis, widgets: widgets? })
    }
}

/// Of `-PT3H`, `-P7D`.
fn span(text: &str) -> Option<i64> {
    let text = text.strip_prefix("-P")?;
    let (text, is_time) = text.strip_prefix('T').map_or((text, false), |text| (text, true));
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = match (unit, is_time) {
        ("M", true) => 60,
        ("H", true) => 3600,
        ("D", false) => 86_400,
        ("W", false) => 7 * 86_400,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(seconds * 1000)
}

fn widget(value: &Value, location: Location) -> Read<Widget> {
    let fields = Fields::of_value(value, location)?;
    let place = |name| match fields.number(name)? {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to fit")]
        number if (0.0..=100_000.0).contains(&number) && number.fract() == 0.0 => Ok(number as u32),
        _ => Err(FieldError::shape(&fields.at(name), "a number of columns or rows")),
    };
    let (x, y, width, height) = (place("x")?, place("y")?, place("width")?, place("height")?);
    if width == 0 || height == 0 || x + width > COLUMNS {
        return Err(FieldError::shape(fields.here(), "a rectangle within 24 columns").into());
    }
    let properties = fields.get("properties").unwrap_or(&Value::Null);
    let properties = Fields::of_value(properties, fields.at("properties"))?;
    let content = match fields.text("type")? {
        "text" => Content::Text(properties.text("markdown")?.to_owned()),
        "alarm" => {
            Content::Alarms { title: properties.text("title")?.to_owned(), names: names(&properties)? }
        }
        "log" => log(&properties)?,
        "metric" => Content::Metrics(Box::new(metrics(&properties)?)),
        other => return Err(fields.unsupported("type", format!("a widget of type {other}")).into()),
    };
    properties.finish()?;
    fields.finish()?;
    Ok(Widget { x, y, width, height, content })
}

/// The names in the ARNs of alarms.
fn names(properties: &Fields<'_>) -> Read<Vec<String>> {
    let arns = properties.texts("alarms")?.into_iter();
    let name = |arn: String| match arn.split_once(":alarm:") {
        Some((_, name)) => Ok(name.to_owned()),
        None => Err(FieldError::shape(&properties.at("alarms"), "a list of the ARNs of alarms").into()),
    };
    arns.map(name).collect()
}

fn log(properties: &Fields<'_>) -> Read<Content> {
    properties.text("region")?;
    match properties.text("view")? {
        "table" => {}
        other => return Err(properties.unsupported("view", format!("logs as {other}")).into()),
    }
    let text = |name| properties.text(name).map(str::to_owned);
    Ok(Content::Log { title: text("title")?, query: text("query")? })
}

fn metrics(fields: &Fields<'_>) -> Read<MetricWidget> {
    fields.text("region")?;
    let view = match fields.text_or_none("view")? {
        None | Some("timeSeries") => View::TimeSeries,
        Some("singleValue") => View::SingleValue,
        Some("gauge") => View::Gauge,
        Some("table") => View::Table,
        Some(other) => return Err(fields.unsupported("view", format!("metrics as {other}")).into()),
    };
    let period = Period::from_seconds(fields.count_or_none("period")?.unwrap_or(300));
    let period = period.map_err(|error| invalid(&fields.at("period"), error))?;
    let stat = fields.text_or_none("stat")?.unwrap_or("Average");
    let items = fields.list("metrics")?.iter().enumerate();
    let lines: Read<Vec<Line>> = items
        .map(|(index, item)| line(item, index, stat, period, &fields.at("metrics").index(index)))
        .collect();
    let (left, right) = axes(fields)?;
    Ok(MetricWidget {
        title: fields.text("title")?.to_owned(),
        view,
        stacked: fields.truth("stacked", false)?,
        period,
        lines: lines?,
        left,
        right,
        annotations: annotations(fields)?,
        location: fields.here().clone(),
    })
}

/// `[namespace, name, dimension, value, …, {options}]`, or `[{expression and options}]`.
fn line(item: &Value, index: usize, stat: &str, period: Period, at: &Location) -> Read<Line> {
    let parts = item.as_array().ok_or_else(|| FieldError::shape(at, "a list"))?;
    let (words, options) = match parts.split_last() {
        Some((options @ Value::Object(_), words)) => (words, options.clone()),
        _ => (parts.as_slice(), Value::Object(serde_json::Map::new())),
    };
    let options = Fields::of_value(&options, at.index(words.len()))?;
    let words: Option<Vec<&str>> = words.iter().map(Value::as_str).collect();
    let words = words.ok_or_else(|| FieldError::shape(at, "a list of texts with options at its end"))?;
    let stat = options.text_or_none("stat")?.unwrap_or(stat);
    if let Some(own) = options.count_or_none("period")?.filter(|own| *own != period.as_seconds()) {
        return Err(options.unsupported("period", format!("the period {own} beside {period}")).into());
    }
    let (of, name) = match (words.as_slice(), options.text_or_none("expression")?) {
        ([], Some(text)) => {
            let expression = Expression::parse(text).map_err(|source| DashboardError::Math {
                location: at.clone(),
                id: options.text_or_none("id").ok().flatten().unwrap_or_default().to_owned(),
                source,
            })?;
            (Drawn::Expression(expression), text.to_owned())
        }
        ([namespace, name, dimensions @ ..], None) if dimensions.len().is_multiple_of(2) => {
            if words.iter().any(|word| *word == "." || *word == "...") {
                return Err(options.unsupported("", "a metric abbreviated by dots").into());
            }
            let pairs = dimensions.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?)));
            let dimensions = Dimensions::new(pairs).map_err(|error| invalid(at, error))?;
            let metric = MetricId::new(*namespace, *name, dimensions).map_err(|error| invalid(at, error))?;
            let statistic: Statistic = stat.parse().map_err(|error| invalid(at, error))?;
            (Drawn::Metric(MetricStat { metric, statistic, unit: None }), (*name).to_owned())
        }
        _ => return Err(FieldError::shape(at, "a metric with its dimensions, or an expression").into()),
    };
    let line = Line {
        id: options.text_or_none("id")?.map_or_else(|| format!("_{index}"), str::to_owned),
        label: options.text_or_none("label")?.map_or(name, str::to_owned),
        color: options.text_or_none("color")?.map(str::to_owned),
        on_right: options.text_or_none("yAxis")? == Some("right"),
        visible: options.truth("visible", true)?,
        of,
    };
    options.finish()?;
    Ok(line)
}

fn axes(fields: &Fields<'_>) -> Read<(Axis, Axis)> {
    let Some(value) = fields.get("yAxis") else { return Ok((Axis::default(), Axis::default())) };
    let both = Fields::of_value(value, fields.at("yAxis"))?;
    let read = (axis(&both, "left")?, axis(&both, "right")?);
    both.finish()?;
    Ok(read)
}

fn axis(both: &Fields<'_>, name: &'static str) -> Read<Axis> {
    let Some(value) = both.get(name) else { return Ok(Axis::default()) };
    let fields = Fields::of_value(value, both.at(name))?;
    fields.truth("showUnits", true)?;
    let read = Axis {
        label: fields.text_or_none("label")?.unwrap_or_default().to_owned(),
        min: fields.number_or_none("min")?,
        max: fields.number_or_none("max")?,
    };
    fields.finish()?;
    Ok(read)
}

fn annotations(fields: &Fields<'_>) -> Read<Vec<Annotation>> {
    let Some(value) = fields.get("annotations") else { return Ok(Vec::new()) };
    let outer = Fields::of_value(value, fields.at("annotations"))?;
    let mut annotations = Vec::new();
    for (index, item) in outer.list("horizontal")?.iter().enumerate() {
        let item = Fields::of_value(item, outer.at("horizontal").index(index))?;
        annotations.push(Annotation {
            label: item.text_or_none("label")?.unwrap_or_default().to_owned(),
            value: item.number("value")?,
            color: item.text_or_none("color")?.map(str::to_owned),
        });
        item.finish()?;
    }
    outer.finish()?;
    Ok(annotations)
}

fn invalid(location: &Location, source: impl std::error::Error + Send + Sync + 'static) -> DashboardError {
    DashboardError::Invalid { location: location.clone(), source: Box::new(source) }
}
