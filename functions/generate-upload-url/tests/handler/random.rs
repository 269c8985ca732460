//! Whatever an event holds: an answer, never a panic, never a fault of ours, never another's folder.

use proptest::{
    collection::{btree_map, vec},
    prelude::{Just, Strategy, any, prop_oneof},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use url::Url;

use crate::{Harness, SUB, event};

const CLAIMS: &str = "/requestContext/authorizer/jwt/claims";

/// Events per property.
const EVENTS: u32 = 1_000;

/// Answers every event that `events` makes, and checks each answer; the same events each time.
fn check(events: impl Strategy<Value = Value>) {
    let config = Config { cases: EVENTS, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let harness = Harness::new();
    let result = runner.run(&events, |event| {
        runtime.block_on(assert_answered(&harness, event));
        Ok(())
    });
    result.unwrap();
}

/// Checks that the answer is a URL in the folder of the event's user, or an error of the documented form.
async fn assert_answered(harness: &Harness, event: Value) -> u16 {
    let sub = event.pointer(CLAIMS).and_then(|claims| claims.get("sub")).cloned();
    let response = harness.answer(event).await;
    let body: Value = serde_json::from_str(&response.body).unwrap();
    if response.status_code == 200 {
        let sub = sub.as_ref().and_then(Value::as_str).unwrap();
        let path = body["file_path"].as_str().unwrap();
        let [folder, user, file] = path.split('/').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((folder, user), ("user-uploads", sub));
        assert!(file.starts_with(body["image_id"].as_str().unwrap()), "{path}");
        let url = Url::parse(body["upload_url"].as_str().unwrap()).unwrap();
        assert_eq!(url.path(), format!("/{path}"));
    } else {
        assert!([400, 401, 413, 415].contains(&response.status_code), "{}", response.body);
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        let error = body["error"].as_object().unwrap();
        assert_eq!(error.keys().collect::<Vec<_>>(), ["code", "message"]);
        assert!(error.values().all(|text| !text.as_str().unwrap().is_empty()), "{body}");
    }
    response.status_code
}

/// Any JSON, with names that the function looks for among the others.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        let names = prop_oneof![
            Just("requestContext".to_owned()),
            Just("authorizer".to_owned()),
            Just("jwt".to_owned()),
            Just("claims".to_owned()),
            Just("sub".to_owned()),
            Just("body".to_owned()),
            Just("isBase64Encoded".to_owned()),
            Just("headers".to_owned()),
            text(),
        ];
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(names, inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Any text, and text that means something in paths, URLs, headers and JSON.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        vec(
            prop_oneof![
                Just("../"),
                Just("/"),
                Just("%2e%2e%2f"),
                Just("\0"),
                Just("\r\n"),
                Just("?"),
                Just("#"),
                Just("é"),
                Just("\u{202e}"),
                Just("\u{feff}"),
                Just("{"),
                Just("}"),
                Just("[["),
                Just("\""),
                Just("a"),
                Just(SUB),
            ],
            0..8
        )
        .prop_map(|parts| parts.concat()),
        (0_usize..6_000).prop_map(|length| "x".repeat(length)),
    ]
}

/// Texts like the documented body: its names, with right, almost right and wrong values.
fn body() -> impl Strategy<Value = String> {
    let names = prop_oneof![
        Just("content_type"),
        Just("content_length"),
        Just("checksum_sha256"),
        Just("write_once"),
        Just("key"),
    ];
    let values = prop_oneof![
        anything(),
        Just(json!("image/png")),
        Just(json!(" IMAGE/JPEG ")),
        text().prop_map(|parameters| json!(format!("image/jpg;{parameters}"))),
        Just(json!("text/html")),
        Just(json!(0)),
        Just(json!(-1)),
        Just(json!(1)),
        Just(json!(1.0)),
        Just(json!(i64::MAX)),
        Just(json!(u64::MAX)),
        Just(json!("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")),
        Just(json!(true)),
        Just(json!(null)),
    ];
    // Members are joined as text, so that a name may come twice.
    let object = vec((names, values), 0..5).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        format!("{{{}}}", members.join(","))
    });
    prop_oneof![4 => object, 1 => text(), 1 => anything().prop_map(|value| value.to_string())]
}

#[test]
fn any_json_at_all_is_answered() {
    check(anything());
}

#[test]
fn any_claims_and_headers_of_an_event_are_answered_in_their_users_folder() {
    let subs = prop_oneof![text(), "[A-Za-z0-9_-]{1,140}", "[a-z./%-]{1,20}", Just(SUB.to_owned())];
    let claims = (anything(), proptest::option::of(subs), anything());
    check(claims.prop_map(|(mut claims, sub, headers)| {
        if let (Some(claims), Some(sub)) = (claims.as_object_mut(), sub) {
            claims.insert("sub".to_owned(), sub.into());
            claims.insert("token_use".to_owned(), "access".into());
        }
        let mut event = event();
        *event.pointer_mut(CLAIMS).unwrap() = claims;
        event["headers"] = headers;
        event
    }));
}

#[test]
fn any_body_of_an_event_is_answered() {
    let encoded = prop_oneof![Just(json!(false)), Just(json!(true)), anything()];
    check((body(), any::<bool>(), encoded).prop_map(|(body, encode, encoded)| {
        let mut event = if encode { crate::with_encoded_body(&body) } else { crate::with_body(&body) };
        if !encode {
            event["isBase64Encoded"] = encoded;
        }
        event
    }));
}

#[tokio::test]
async fn event_that_lacks_any_part_of_it_is_answered() {
    let harness = Harness::new();
    let mut issued = 0;
    let mut paths = Vec::new();
    collect_paths("", &event(), &mut paths);
    assert!(paths.len() > 40, "{paths:?}");
    for path in &paths {
        for instead in
            [None, Some(json!(null)), Some(json!(7)), Some(json!("")), Some(json!({})), Some(json!([]))]
        {
            let mut event = event();
            let (parent, name) = path.rsplit_once('/').unwrap();
            let members = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            let name = name.replace("~1", "/");
            match instead {
                Some(value) => drop(members.insert(name, value)),
                None => drop(members.remove(&name)),
            }
            issued += u32::from(assert_answered(&harness, event).await == 200);
        }
    }
    let vouching = [
        "",
        "/authorizer",
        "/authorizer/jwt",
        "/authorizer/jwt/claims",
        "/authorizer/jwt/claims/sub",
        "/authorizer/jwt/claims/token_use",
    ];
    let vouching = vouching.map(|below| format!("/requestContext{below}"));
    let free = paths.iter().filter(|path| !vouching.contains(path)).count();
    assert_eq!(issued, u32::try_from(free * 6).unwrap(), "only what the authorizer vouches for counts");
}

/// The pointers to all members of all objects.
fn collect_paths(at: &str, value: &Value, paths: &mut Vec<String>) {
    for (name, member) in value.as_object().into_iter().flatten() {
        let path = format!("{at}/{}", name.replace('/', "~1"));
        collect_paths(&path, member, paths);
        paths.push(path);
    }
}
