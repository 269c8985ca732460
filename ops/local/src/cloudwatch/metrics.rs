//! Metrics of a request, and `ListMetrics`.

use cloudwatch_model::{Dimensions, MetricId, Period, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::pages;
use super::wire::{Output, members};
use crate::observe::Seen;

/// Metrics of one page.
const PAGE: usize = 500;
/// The one choice of `RecentlyActive`: three hours.
const RECENTLY: &str = "PT3H";
const RECENTLY_MINUTES: i64 = 180;

/// A dimension.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Dimension {
    name: String,
    value: String,
}

/// A metric by its three names.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
pub(super) struct Metric {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
}

/// The metric that a request names.
pub(super) fn id(namespace: String, name: String, dimensions: Vec<Dimension>) -> Result<MetricId, ApiError> {
    let dimensions = Dimensions::new(dimensions.into_iter().map(|Dimension { name, value }| (name, value)))?;
    Ok(MetricId::new(namespace, name, dimensions)?)
}

impl Metric {
    pub(super) fn id(self) -> Result<MetricId, ApiError> {
        id(self.namespace, self.metric_name, self.dimensions)
    }
}

/// The dimensions of a metric, as answers have them.
pub(super) fn dimensions(metric: &MetricId) -> Output {
    let one =
        |(name, value): (&str, &str)| members([("Name", Some(name.into())), ("Value", Some(value.into()))]);
    metric.dimensions().iter().map(one).collect()
}

/// A metric, as answers have it.
pub(super) fn described(metric: &MetricId) -> Output {
    members([
        ("Namespace", Some(metric.namespace().into())),
        ("MetricName", Some(metric.name().into())),
        ("Dimensions", Some(dimensions(metric))),
    ])
}

/// `ListMetrics`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListMetrics {
    namespace: Option<String>,
    metric_name: Option<String>,
    #[serde(default)]
    dimensions: Vec<DimensionFilter>,
    recently_active: Option<String>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DimensionFilter {
    name: String,
    value: Option<String>,
}

/// The last metric of a page.
#[derive(Serialize, Deserialize)]
struct Place(String, String, Vec<(String, String)>);

impl Place {
    fn of(metric: &MetricId) -> Self {
        let pairs = metric.dimensions().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(metric.namespace().to_owned(), metric.name().to_owned(), pairs.collect())
    }

    fn metric(self) -> Result<MetricId, ApiError> {
        let Self(namespace, name, pairs) = self;
        let dimensions = Dimensions::new(pairs).map_err(|_| ApiError::NextToken)?;
        MetricId::new(namespace, name, dimensions).map_err(|_| ApiError::NextToken)
    }
}

impl ListMetrics {
    /// By namespace, name and dimensions, a page at a time.
    pub(super) fn answer(&self, seen: &Seen, now: Timestamp) -> Result<Output, ApiError> {
        if let Some(other) = self.recently_active.as_deref().filter(|choice| *choice != RECENTLY) {
            return Err(ApiError::Value(format!("RecentlyActive is {RECENTLY} or absent, not {other}.")));
        }
        let after = pages::place::<Place>(self.next_token.as_deref())?.map(Place::metric).transpose()?;
        let horizon = now.plus_millis(-RECENTLY_MINUTES * Period::MINUTE.as_millis());
        let is_recent = |metric: &MetricId| {
            self.recently_active.is_none()
                || seen.metrics.span(metric).is_some_and(|(_, newest)| newest >= horizon)
        };
        let wanted = seen.metrics.metrics().filter(|metric| {
            after.as_ref().is_none_or(|after| after < *metric) && self.takes(metric) && is_recent(metric)
        });
        let mut found: Vec<&MetricId> = wanted.take(PAGE + 1).collect();
        let is_more = found.len() > PAGE;
        found.truncate(PAGE);
        let next = found.last().filter(|_| is_more).map(|last| pages::token(&Place::of(last)));
        Ok(members([("Metrics", Some(found.into_iter().map(described).collect())), ("NextToken", next)]))
    }

    fn takes(&self, metric: &MetricId) -> bool {
        let has = |filter: &DimensionFilter| {
            let found = metric.dimensions().get(&filter.name);
            found.is_some_and(|found| filter.value.as_deref().is_none_or(|wanted| wanted == found))
        };
        self.namespace.as_deref().is_none_or(|namespace| namespace == metric.namespace())
            && self.metric_name.as_deref().is_none_or(|name| name == metric.name())
            && self.dimensions.iter().all(has)
    }
}
