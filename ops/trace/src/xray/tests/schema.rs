//! Documents by the schema that AWS publishes, written from its documentation.

use serde_json::{Value, json};

use super::{Link, TRACE, call, documents, nest, of, upload};

fn schema() -> (boon::Schemas, boon::SchemaIndex) {
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.enable_format_assertions();
    let schema = serde_json::from_str(include_str!("segment.schema.json")).unwrap();
    compiler.add_resource("segment.json", schema).unwrap();
    let index = compiler.compile("segment.json", &mut schemas).unwrap();
    (schemas, index)
}

#[test]
fn documents_are_valid_by_the_published_schema_alone_and_nested() {
    let (schemas, index) = schema();
    let mut spans = upload();
    spans[0].links = vec![Link { trace_id: TRACE.to_owned(), span_id: "d".repeat(16) }];
    for span in &mut spans {
        span.resource.insert("cloud.platform".to_owned(), "aws_lambda".into());
        span.resource.insert("service.version".to_owned(), "7".into());
        span.attributes.insert("enduser.id".to_owned(), "alice".into());
    }
    let alone = documents(&spans);
    for document in alone.iter().cloned().chain(nest(alone.clone())) {
        let document = Value::Object(document);
        if let Err(error) = schemas.validate(&document, index) {
            panic!("{error}\n{document:#}");
        }
    }
}

#[test]
fn the_schema_refuses_what_the_documentation_forbids() {
    let (schemas, index) = schema();
    let good = of(&call('c', "b", 200));
    schemas.validate(&good, index).unwrap();
    for (key, bad) in [
        ("id", json!("c")),
        ("trace_id", json!(TRACE)),
        ("name", json!("a{b}")),
        ("name", json!("x".repeat(201))),
        ("start_time", json!("now")),
        ("in_progress", json!(true)),
        ("parent_id", Value::Null),
        ("namespace", json!("s3")),
        ("origin", json!("AWS::Lambda::Function")),
        ("annotations", json!({"a b": 1})),
        ("annotations", json!({"list": [1]})),
        ("metadata", json!({"default": 1})),
        ("cause", json!({"exceptions": [{"message": "no id"}]})),
        ("links", json!([{"id": "c"}])),
        ("kind", json!("client")),
    ] {
        let mut document = good.clone();
        document[key] = bad;
        assert!(schemas.validate(&document, index).is_err(), "{key}: {document}");
    }
}
