//! Metric ids: namespace, name and dimensions, compared exactly as CloudWatch does.

use std::collections::BTreeMap;
use std::fmt;

/// Members that a dimension set has at most.
pub const MAX_DIMENSIONS: usize = 30;
const MAX_NAME_CHARS: usize = 255;
const MAX_DIMENSION_VALUE_CHARS: usize = 1024;

/// A name that CloudWatch would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Namespaces, metric names, dimension names and values have a length.
    #[error("{what} `{name}` must have 1 to {limit} characters")]
    Length {
        /// Which kind of name.
        what: &'static str,
        /// The name.
        name: String,
        /// The most characters allowed.
        limit: usize,
    },
    /// A namespace and a dimension's name may not begin with a colon.
    #[error("{what} `{name}` must not begin with a colon")]
    LeadingColon {
        /// Which kind of name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Dimensions are printable ASCII; a value needs one character that is not blank.
    #[error("{what} `{name}` must be printable ASCII and not blank")]
    Characters {
        /// Which kind of name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// More members than a dimension set can have.
    #[error("{count} dimensions, {MAX_DIMENSIONS} are allowed")]
    TooManyDimensions {
        /// How many there were.
        count: usize,
    },
    /// One name twice in a dimension set.
    #[error("dimension `{name}` is named twice in one set")]
    RepeatedDimension {
        /// The name.
        name: String,
    },
}

/// A set of dimensions; the order in which they were given means nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dimensions(BTreeMap<String, String>);

impl Dimensions {
    /// No dimensions: a metric of its own, not the total over all others.
    pub const NONE: Self = Self(BTreeMap::new());

    /// A dimension set of these pairs.
    ///
    /// # Errors
    /// Names and values outside CloudWatch's limits, more than [`MAX_DIMENSIONS`], a name twice.
    pub fn new<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Result<Self, InvalidId>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let mut set = BTreeMap::new();
        for (name, value) in pairs {
            let (name, value) = (name.into(), value.into());
            check_dimension(&name, &value)?;
            if set.insert(name.clone(), value).is_some() {
                return Err(InvalidId::RepeatedDimension { name });
            }
        }
        match set.len() {
            0..=MAX_DIMENSIONS => Ok(Self(set)),
            count => Err(InvalidId::TooManyDimensions { count }),
        }
    }

    /// The value of one dimension.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The pairs, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The identity of a metric: namespace, name and dimensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricId {
    namespace: String,
    name: String,
    dimensions: Dimensions,
}

impl MetricId {
    /// The metric `name` in `namespace` with exactly these dimensions.
    ///
    /// # Errors
    /// A namespace or name outside CloudWatch's limits.
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        dimensions: Dimensions,
    ) -> Result<Self, InvalidId> {
        let (namespace, name) = (namespace.into(), name.into());
        check_length("namespace", &namespace, MAX_NAME_CHARS)?;
        check_colon("namespace", &namespace)?;
        check_length("metric name", &name, MAX_NAME_CHARS)?;
        Ok(Self { namespace, name, dimensions })
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The dimensions.
    #[must_use]
    pub fn dimensions(&self) -> &Dimensions {
        &self.dimensions
    }
}

impl fmt::Display for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.namespace, self.name)?;
        if self.dimensions.is_empty() {
            return Ok(());
        }
        let pairs: Vec<String> =
            self.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(f, "{{{}}}", pairs.join(","))
    }
}

fn check_dimension(name: &str, value: &str) -> Result<(), InvalidId> {
    check_length("dimension", name, MAX_NAME_CHARS)?;
    check_colon("dimension", name)?;
    check_printable("dimension", name)?;
    check_length("value of a dimension", value, MAX_DIMENSION_VALUE_CHARS)?;
    check_printable("value of a dimension", value)
}

fn check_length(what: &'static str, name: &str, limit: usize) -> Result<(), InvalidId> {
    if (1..=limit).contains(&name.chars().count()) {
        return Ok(());
    }
    Err(InvalidId::Length { what, name: name.to_owned(), limit })
}

fn check_colon(what: &'static str, name: &str) -> Result<(), InvalidId> {
    if name.starts_with(':') {
        return Err(InvalidId::LeadingColon { what, name: name.to_owned() });
    }
    Ok(())
}

fn check_printable(what: &'static str, name: &str) -> Result<(), InvalidId> {
    let printable = name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if printable && !name.trim().is_empty() {
        return Ok(());
    }
    Err(InvalidId::Characters { what, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_dimensions_means_nothing() {
        let one = Dimensions::new([("service", "api"), ("stage", "put")]).unwrap();
        let other = Dimensions::new([("stage", "put"), ("service", "api")]).unwrap();
        assert_eq!(one, other);
        let id = MetricId::new("Shop", "Orders", one).unwrap();
        assert_eq!(id.to_string(), "Shop Orders{service=api,stage=put}");
    }

    #[test]
    fn names_outside_the_published_limits_are_refused() {
        let dimension = |name: &str, value: &str| Dimensions::new([(name, value)]).unwrap_err();
        assert!(matches!(dimension("", "x"), InvalidId::Length { limit: 255, .. }));
        assert!(matches!(dimension(&"n".repeat(256), "x"), InvalidId::Length { .. }));
        assert!(matches!(dimension(":n", "x"), InvalidId::LeadingColon { .. }));
        assert!(matches!(dimension("größe", "x"), InvalidId::Characters { .. }));
        assert!(matches!(dimension("n", "  "), InvalidId::Characters { .. }));
        assert!(matches!(dimension("n", &"v".repeat(1025)), InvalidId::Length { limit: 1024, .. }));
        assert!(matches!(
            MetricId::new(":ns", "m", Dimensions::NONE).unwrap_err(),
            InvalidId::LeadingColon { .. }
        ));
    }

    #[test]
    fn a_set_has_at_most_thirty_members_and_none_twice() {
        let many = |count: usize| Dimensions::new((0..count).map(|i| (format!("d{i}"), "v")));
        assert!(many(30).is_ok());
        assert_eq!(many(31), Err(InvalidId::TooManyDimensions { count: 31 }));
        assert_eq!(
            Dimensions::new([("a", "1"), ("a", "2")]),
            Err(InvalidId::RepeatedDimension { name: "a".to_owned() })
        );
    }
}
