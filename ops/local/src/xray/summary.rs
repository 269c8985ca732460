//! What `GetTraceSummaries` answers about a trace.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use trace_model::xray::Document;

use super::view::{View, duration, http, is_service, is_set, service_type, text};

/// The summary of a trace. Flags and the response time are those of the root segment, as X-Ray documents them.
pub(super) fn summary(view: &View) -> Value {
    let root = view.root();
    let of_root = |flag: &str| root.is_some_and(|root| is_set(root, flag));
    let mut summary = json!({
        "Id": view.id,
        "StartTime": view.start(),
        "MatchedEventTime": view.end(),
        "Duration": view.end() - view.start(),
        "HasFault": of_root("fault"),
        "HasError": of_root("error"),
        "HasThrottle": of_root("throttle"),
        "IsPartial": view.is_partial(),
        "Http": root.map(of_http).unwrap_or_default(),
        "Annotations": annotations(view),
        "Users": users(view),
        "ServiceIds": services(view),
        "ResourceARNs": [], "InstanceIds": [], "AvailabilityZones": [],
        "FaultRootCauses": [], "ErrorRootCauses": [], "ResponseTimeRootCauses": [],
        "Revision": 1,
    });
    if let Some(fields) = summary.as_object_mut() {
        let took = root.and_then(duration).map(|took| ("ResponseTime", took.into()));
        let entry = root.map(|root| ("EntryPoint", service_id(root)));
        fields.extend(took.into_iter().chain(entry).map(|(key, value): (_, Value)| (key.to_owned(), value)));
    }
    summary
}

fn of_http(root: &Document) -> Map<String, Value> {
    let fields = [
        ("HttpURL", "request", "url"),
        ("HttpMethod", "request", "method"),
        ("UserAgent", "request", "user_agent"),
        ("ClientIp", "request", "client_ip"),
        ("HttpStatus", "response", "status"),
    ];
    let known = |(name, part, key): (&str, _, _)| Some((name.to_owned(), http(root, part, key)?.clone()));
    fields.into_iter().filter_map(known).collect()
}

/// By key, the values, each with the services that have it.
fn annotations(view: &View) -> Value {
    let mut keys = BTreeMap::<&str, Vec<(&Value, Vec<Value>)>>::new();
    for document in &view.documents {
        let own = document.get("annotations").and_then(Value::as_object);
        for (key, value) in own.into_iter().flatten() {
            add(keys.entry(key).or_default(), value, service_id(document));
        }
    }
    let listed = keys.into_iter().map(|(key, values)| {
        let values = values.into_iter().map(|(value, services)| {
            let kind = match value {
                Value::Bool(_) => "BooleanValue",
                Value::Number(_) => "NumberValue",
                _ => "StringValue",
            };
            json!({"AnnotationValue": {kind: value}, "ServiceIds": services})
        });
        (key.to_owned(), values.collect())
    });
    Value::Object(listed.collect())
}

fn users(view: &View) -> Vec<Value> {
    let mut users = Vec::new();
    for document in &view.documents {
        if let Some(user) = document.get("user") {
            add(&mut users, user, service_id(document));
        }
    }
    users.into_iter().map(|(user, services)| json!({"UserName": user, "ServiceIds": services})).collect()
}

fn add<'a>(values: &mut Vec<(&'a Value, Vec<Value>)>, value: &'a Value, service: Value) {
    match values.iter_mut().find(|(known, _)| *known == value) {
        Some((_, services)) if services.contains(&service) => {}
        Some((_, services)) => services.push(service),
        None => values.push((value, vec![service])),
    }
}

fn services(view: &View) -> Vec<Value> {
    let mut all = Vec::new();
    for id in view.documents.iter().filter(|it| is_service(it)).map(service_id) {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all
}

fn service_id(document: &Document) -> Value {
    let name = text(document, "name").unwrap_or_default();
    let mut id = json!({"Name": name, "Names": [name]});
    if let (Some(kind), Some(fields)) = (service_type(document), id.as_object_mut()) {
        fields.insert("Type".to_owned(), kind.into());
    }
    id
}
