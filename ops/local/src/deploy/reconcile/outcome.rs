//! Result of a reconciliation, for programs and for people.

use serde::{Deserialize, Serialize};

use crate::deploy::gaps::{ClosingCall, Gap};

/// Where the page about the gaps is.
const PAGE: &str = "docs/local-engine-gaps.md";

/// Each gap that the template meets: closed, or left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reconciled {
    /// The properties that were applied again, and read back.
    pub reconciled: Vec<Applied>,
    /// The properties that no call makes as they are on AWS.
    pub known_gaps: Vec<KnownGap>,
}

/// A property that the engine dropped or misread, and that is now as the template states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The resource's logical id.
    pub resource: String,
    /// The resource's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The property.
    pub property: String,
    /// The API call that applied it.
    pub call: String,
}

/// A property that the engine does not heed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownGap {
    /// The resource's logical id.
    pub resource: String,
    /// The resource's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The property.
    pub property: String,
    /// What the engine does with it.
    pub engine: String,
    /// What that means on this machine.
    pub means: String,
}

impl Reconciled {
    pub(super) fn applied(&mut self, resource: &str, gap: &Gap, call: ClosingCall) {
        self.reconciled.push(Applied {
            resource: resource.to_owned(),
            kind: gap.kind.to_owned(),
            property: gap.property.to_owned(),
            call: unquoted(call.name()),
        });
    }

    pub(super) fn left(&mut self, resource: &str, gap: &Gap, means: &str) {
        self.known_gaps.push(KnownGap {
            resource: resource.to_owned(),
            kind: gap.kind.to_owned(),
            property: gap.property.to_owned(),
            engine: unquoted(gap.engine),
            means: unquoted(means),
        });
    }

    /// How much was applied, in one line.
    pub(super) fn headline(&self) -> String {
        match self.reconciled.len() {
            0 => "The engine dropped nothing".to_owned(),
            1 => "Applied 1 property that the engine dropped".to_owned(),
            count => format!("Applied {count} properties that the engine dropped"),
        }
    }

    /// A line for each call that was made, and one for what stays as it is.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut calls: Vec<(&str, &str, Vec<&str>)> = Vec::new();
        for Applied { resource, property, call, .. } in &self.reconciled {
            match calls.iter_mut().find(|(of, by, _)| (of, by) == (&property.as_str(), &call.as_str())) {
                Some((.., resources)) => resources.push(resource),
                None => calls.push((property, call, vec![resource])),
            }
        }
        let line = |(property, call, resources): &(_, _, Vec<_>)| {
            format!("  {property} by {call}: {}", resources.join(", "))
        };
        let mut lines: Vec<_> = calls.iter().map(line).collect();
        let mut left: Vec<_> = self.known_gaps.iter().map(|gap| gap.property.as_str()).collect();
        left.sort_unstable();
        left.dedup();
        if !left.is_empty() {
            lines.push(format!("  Not as on AWS: {}; {PAGE} explains it", left.join(", ")));
        }
        lines
    }
}

/// Without the marks of Markdown.
fn unquoted(text: &str) -> String {
    text.replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::gaps::Remedy;

    fn outcome() -> Reconciled {
        let mut outcome = Reconciled::default();
        let gap = |property| Gap {
            kind: "AWS::S3::Bucket",
            property,
            engine: "drops `Suspended`",
            remedy: Remedy::None("nobody `looks`"),
        };
        for resource in ["One", "Other"] {
            outcome.applied(resource, &gap("LifecycleConfiguration"), ClosingCall::BucketLifecycle);
            outcome.applied(resource, &gap("VersioningConfiguration"), ClosingCall::BucketVersioning);
            outcome.left(resource, &gap("Tags"), "nobody `looks`");
        }
        outcome
    }

    #[test]
    fn resources_of_one_call_share_a_line_and_open_gaps_lead_to_their_page() {
        let outcome = outcome();
        assert_eq!(outcome.headline(), "Applied 4 properties that the engine dropped");
        assert_eq!(
            outcome.lines(),
            [
                "  LifecycleConfiguration by S3 PutBucketLifecycleConfiguration: One, Other",
                "  VersioningConfiguration by S3 PutBucketVersioning: One, Other",
                "  Not as on AWS: Tags; docs/local-engine-gaps.md explains it",
            ]
        );
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/local-engine-gaps.md");
        assert!(page.ends_with(PAGE) && std::fs::exists(page).unwrap());
    }

    #[test]
    fn engine_that_drops_nothing_is_no_news() {
        assert!(Reconciled::default().lines().is_empty());
    }

    #[test]
    fn programs_get_a_row_for_each_property_of_each_resource() {
        let document = serde_json::to_value(outcome()).unwrap();
        let applied = serde_json::json!({
            "resource": "One", "type": "AWS::S3::Bucket", "property": "VersioningConfiguration",
            "call": "S3 PutBucketVersioning",
        });
        assert_eq!(document["reconciled"][1], applied);
        let gap = serde_json::json!({
            "resource": "Other", "type": "AWS::S3::Bucket", "property": "Tags",
            "engine": "drops Suspended", "means": "nobody looks",
        });
        assert_eq!(document["known_gaps"][1], gap);
    }
}
