//! Local paths of the template, replaced by the places they were uploaded to; everything else stays byte for byte.

use std::collections::BTreeMap;
use std::ops::Range;

/// The properties whose values are paths in the repository; `sam deploy` rewrites the same ones.
const PROPERTIES: [(&str, Kind); 2] = [("CodeUri", Kind::Function), ("TemplateURL", Kind::Template)];

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The directory of a function's package.
    Function,
    /// A nested template.
    Template,
}

/// A path named by the template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// What the path leads to.
    pub(super) kind: Kind,
    /// The path, relative to the template.
    pub(super) path: String,
}

/// The template names a path in a way that is not understood.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// The property's value is not one plain path.
    #[error("line {line} of the template: write `{property}: path` on a line of its own")]
    NotPlain {
        /// Counted from 1.
        line: usize,
        /// Which property.
        property: &'static str,
    },
    /// The resource would deploy without its code.
    #[error("the template has {resources} resources of type {of} but {paths} lines with {property}")]
    Missing {
        /// The type.
        of: &'static str,
        /// How many there are.
        resources: usize,
        /// The property that each must have.
        property: &'static str,
        /// How many have it.
        paths: usize,
    },
}

/// All local paths in the template, each once.
///
/// # Errors
///
/// When a path is written in a way that is not understood: better no deploy than half of one.
pub(super) fn references(template: &str) -> Result<Vec<Reference>, RewriteError> {
    let found = find(template)?;
    let of = |kind| found.iter().filter(|(_, reference)| reference.kind == kind).count();
    let types = [
        ("AWS::Serverless::Function", "CodeUri", of(Kind::Function)),
        ("AWS::CloudFormation::Stack", "TemplateURL", of(Kind::Template)),
    ];
    for (of, property, paths) in types {
        let is_type = |line: &&str| line.trim().strip_prefix("Type:").is_some_and(|rest| rest.trim() == of);
        let resources = template.lines().filter(is_type).count();
        if resources != paths {
            return Err(RewriteError::Missing { of, resources, property, paths });
        }
    }
    let mut references: Vec<_> = found.into_iter().map(|(_, reference)| reference).collect();
    references.sort();
    references.dedup();
    Ok(references)
}

/// The template with each path replaced by where it was uploaded to.
///
/// # Errors
///
/// As [`references`].
pub(super) fn rewrite(
    template: &str,
    uploaded: &BTreeMap<Reference, String>,
) -> Result<String, RewriteError> {
    let mut rewritten = template.to_owned();
    // From the end, so that earlier ranges stay true.
    for (range, reference) in find(template)?.into_iter().rev() {
        if let Some(address) = uploaded.get(&reference) {
            rewritten.replace_range(range, address);
        }
    }
    Ok(rewritten)
}

/// Where each path stands in the text.
fn find(template: &str) -> Result<Vec<(Range<usize>, Reference)>, RewriteError> {
    let mut found = Vec::new();
    let mut start = 0;
    for (index, line) in template.split_inclusive('\n').enumerate() {
        let code = line.split(" #").next().unwrap_or(line);
        if !code.trim_start().starts_with('#') {
            for (property, kind) in PROPERTIES {
                if code.contains(property) {
                    let not_plain = RewriteError::NotPlain { line: index + 1, property };
                    let path = plain_value(code, property).ok_or(not_plain)?;
                    // The value is a slice of the line, so it is found in it.
                    let at = start + line.find(path).unwrap_or_default();
                    found.push((at..at + path.len(), Reference { kind, path: path.to_owned() }));
                }
            }
        }
        start += line.len();
    }
    Ok(found)
}

/// The value of `property: value`, without quotes.
fn plain_value<'a>(code: &'a str, property: &str) -> Option<&'a str> {
    let value = code.trim_start().strip_prefix(property)?.strip_prefix(':')?.trim();
    let value = value.trim_matches(['\'', '"']);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    (!value.is_empty() && value != property && value.chars().all(plain)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "\
Resources:
  # CodeUri is rewritten
  A:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/a # here
      Role: !GetAtt ARole.Arn
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: 'alarms/x.json'
";

    fn reference(kind: Kind, path: &str) -> Reference {
        Reference { kind, path: path.into() }
    }

    #[test]
    fn only_the_paths_change() {
        let uploaded = [
            (reference(Kind::Function, "functions/a"), "s3://b/a.zip".to_owned()),
            (reference(Kind::Template, "alarms/x.json"), "http://h/b/x.json".to_owned()),
        ];
        assert_eq!(references(TEMPLATE).unwrap(), uploaded.clone().map(|(reference, _)| reference));
        let expected =
            TEMPLATE.replace("functions/a", "s3://b/a.zip").replace("alarms/x.json", "http://h/b/x.json");
        assert_eq!(rewrite(TEMPLATE, &uploaded.into()).unwrap(), expected);
    }

    #[test]
    fn path_in_a_form_that_is_not_understood_stops_the_deploy() {
        let flow = TEMPLATE.replace("      CodeUri: functions/a # here", "      {CodeUri: functions/a}");
        assert!(matches!(references(&flow), Err(RewriteError::NotPlain { line: 6, property: "CodeUri" })));
        let computed = TEMPLATE.replace("'alarms/x.json'", "!Sub alarms/${Stage}.json");
        assert!(matches!(references(&computed), Err(RewriteError::NotPlain { line: 11, .. })));
    }

    #[test]
    fn function_without_code_stops_the_deploy() {
        let without = TEMPLATE.replace("      CodeUri: functions/a # here\n", "");
        assert!(matches!(references(&without), Err(RewriteError::Missing { resources: 1, paths: 0, .. })));
    }

    #[test]
    fn every_path_of_the_real_template_exists() {
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let template = std::fs::read_to_string(root.join("template.yaml")).unwrap();
        let references = references(&template).unwrap();
        assert!(references.iter().any(|reference| reference.kind == Kind::Function));
        for Reference { path, .. } in references {
            assert!(root.join(&path).exists(), "{path}");
        }
    }
}
