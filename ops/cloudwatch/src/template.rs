//! A CloudFormation template in JSON, with its parameters, conditions and functions resolved.
//!
//! Understood is what `alarms/` and `dashboards/` use; anything else is an error that names the place. The
//! values are those that CloudFormation would hand to CloudWatch: a parameter arrives as text, even a number.

mod conditions;
mod error;
mod resolve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use error::TemplateError;
use resolve::Resolver;

use crate::location::Location;

/// What a deployment gives to a template.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Values of parameters; those left out take their default.
    pub parameters: BTreeMap<String, String>,
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::AccountId`.
    pub account_id: String,
}

impl Inputs {
    /// `AWS::Partition`.
    pub const PARTITION: &str = "aws";

    /// The ARN of an alarm in this region and account.
    #[must_use]
    pub fn alarm_arn(&self, name: &str) -> String {
        format!("arn:{}:cloudwatch:{}:{}:alarm:{name}", Self::PARTITION, self.region, self.account_id)
    }
}

/// A template as it was written.
#[derive(Clone, Debug)]
pub struct Template {
    location: Location,
    document: Map<String, Value>,
}

/// A resource with everything in it resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its logical id.
    pub id: String,
    /// Its type, such as `AWS::CloudWatch::Alarm`.
    pub kind: String,
    /// Its properties.
    pub properties: Map<String, Value>,
    /// Its metadata.
    pub metadata: Map<String, Value>,
    /// Where it stands.
    pub location: Location,
}

impl Template {
    /// The template in `text`; `file` is what errors call it.
    ///
    /// # Errors
    /// Text that is no JSON object, and sections that are not known here.
    pub fn parse(file: &str, text: &str) -> Result<Self, TemplateError> {
        const SECTIONS: &[&str] = &[
            "AWSTemplateFormatVersion",
            "Transform",
            "Description",
            "Metadata",
            "Parameters",
            "Conditions",
            "Resources",
            "Outputs",
        ];
        let location = Location::file(file);
        let document: Value = serde_json::from_str(text)
            .map_err(|source| TemplateError::Json { location: location.clone(), source })?;
        let Value::Object(document) = document else {
            return Err(TemplateError::shape(&location, "an object"));
        };
        match document.keys().find(|section| !SECTIONS.contains(&section.as_str())) {
            Some(unknown) => Err(TemplateError::unsupported(&location.member(unknown), "this section")),
            None => Ok(Self { location, document }),
        }
    }

    /// The file's name, as it was given.
    #[must_use]
    pub fn file(&self) -> &str {
        self.location.file_name()
    }

    /// The names of the template's parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.section("Parameters").into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// The resources that exist with these inputs, by logical id.
    ///
    /// # Errors
    /// A parameter without value or with one that is not allowed, a name that stands for nothing, and what
    /// is not understood here.
    pub fn resolve(&self, inputs: &Inputs) -> Result<Vec<Resource>, TemplateError> {
        let resolver = Resolver::new(self, inputs)?;
        let declared = self.section("Resources").into_iter().flatten();
        let mut resources = Vec::new();
        for (id, resource) in declared {
            let location = self.location.member("Resources").member(id);
            resources.extend(resolver.resource(id, resource, &location)?);
        }
        Ok(resources)
    }

    fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.document.get(name).and_then(Value::as_object)
    }
}
