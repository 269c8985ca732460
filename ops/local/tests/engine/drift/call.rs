//! One call to an API of the engine, and its answer as JSON, whatever the protocol.

use aws_client::{Aws, AwsError};
use http::Method;
use roxmltree::{Document, Node};
use serde_json::{Map, Value, json};

use super::form::parsed;

/// A call to an API.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Call {
    /// The JSON protocol.
    Json(&'static str, &'static str, Value),
    /// The query protocol: service, version, action, parameters.
    Query(&'static str, &'static str, &'static str, Vec<(&'static str, String)>),
    /// A GET of a path.
    Get(&'static str, String),
    /// A request with a body: service, method, path, body.
    Send(&'static str, Method, String, String),
}

impl Call {
    /// What the service answers; null when it does not know what is asked for.
    pub(super) async fn answer(&self, aws: &Aws) -> Value {
        match self.make(aws).await {
            Err(AwsError::Refused { status: 404, .. }) => Value::Null,
            answer => parsed(&answer.unwrap()),
        }
    }

    async fn make(&self, aws: &Aws) -> Result<Value, AwsError> {
        match self {
            Self::Json(service, target, body) => aws.json(service, target, body.clone()).await,
            Self::Query(service, version, action, params) => {
                let params: Vec<_> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
                Ok(document(&aws.query(service, version, action, &params).await?))
            }
            Self::Get(service, path) => rest(aws, service, &Method::GET, path, "").await,
            Self::Send(service, method, path, body) => rest(aws, service, method, path, body).await,
        }
    }
}

async fn rest(aws: &Aws, service: &str, method: &Method, path: &str, body: &str) -> Result<Value, AwsError> {
    let answer = aws.rest(service, method.clone(), path, body.as_bytes().to_vec(), &[]).await?;
    let text = String::from_utf8_lossy(answer.body());
    Ok(serde_json::from_str(&text).unwrap_or_else(|_| document(&text)))
}

/// An XML document's root as JSON.
fn document(text: &str) -> Value {
    Document::parse(text).map_or(Value::Null, |document| element(document.root_element()))
}

/// Texts are leaves, `member`s a list, `entry`s a map; what is repeated is a list, what is empty is null.
fn element(node: Node<'_, '_>) -> Value {
    let children: Vec<_> = node.children().filter(Node::is_element).collect();
    let named = |name: &str| children.first().is_some_and(|child| child.tag_name().name() == name);
    if children.is_empty() {
        return node.text().map_or(Value::Null, |text| json!(text));
    }
    if named("member") {
        return children.into_iter().map(element).collect();
    }
    let mut fields = Map::new();
    for child in children {
        let (name, value) = match (child.tag_name().name(), element(child)) {
            ("entry", Value::Object(entry)) => {
                (entry["key"].as_str().unwrap().to_owned(), entry["value"].clone())
            }
            (name, value) => (name.to_owned(), value),
        };
        match fields.get_mut(&name) {
            None => drop(fields.insert(name, value)),
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = json!([first.take(), value]),
        }
    }
    Value::Object(fields)
}

#[test]
fn xml_answers_become_lists_maps_and_texts() {
    let text = "<R><L><member><A>1</A></member></L><M><entry><key>k</key><value>v</value></entry></M>\
                <S>x</S><S>y</S><S>z</S><E/></R>";
    let expected = json!({"L": [{"A": "1"}], "M": {"k": "v"}, "S": ["x", "y", "z"], "E": null});
    assert_eq!(document(text), expected);
}
