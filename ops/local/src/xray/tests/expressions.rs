//! Each keyword and operator of filter expressions; the examples are X-Ray's own where it has one.

use serde_json::json;

use super::{ids, summaries, uploads, xray_id};

/// The uploads of two, the newest first, that an expression finds.
fn found(expression: &str) -> Vec<u64> {
    let answer = summaries(&mut uploads(2), &json!({ "FilterExpression": expression }));
    let answer = answer.unwrap_or_else(|why| panic!("{expression}: {why}"));
    let found = ids(&answer);
    [2, 1].into_iter().filter(|number| found.contains(&xray_id(*number))).collect()
}

#[test]
fn each_keyword_and_operator_selects_as_documented() {
    let (all, none): (&[u64], &[u64]) = (&[2, 1], &[]);
    for (expression, expected) in [
        ("", all),
        ("  ", all),
        ("ok", all),
        ("!ok", none),
        ("ok = false", none),
        ("ok != false", all),
        ("error OR fault OR throttle", none),
        ("partial", none),
        ("duration >= 0.4 AND duration <= 0.6", all),
        ("ok !partial duration <3", all),
        ("responsetime > 0.1", none),
        ("responseTime < 0.1", all),
        ("http.status != 200", none),
        ("http.status = 200", all),
        ("http.url", all),
        ("http.url AND responseTime > 2", none),
        ("http.url CONTAINS \"/v2/\"", all),
        ("http.url BEGINSWITH \"https://api.example.com/\"", all),
        ("http.url ENDSWITH \"/v2/\"", none),
        ("http.method = \"POST\" and http.useragent beginswith \"curl\"", all),
        ("http.clientip = \"192.0.2.8\"", none),
        ("user = \"alice\"", all),
        ("user != \"alice\"", none),
        ("user CONTAINS \"\"", all),
        ("message = \"no answer\"", all),
        ("name = \"SNS\" AND type = \"AWS::SNS\"", all),
        ("annotation[image.id] = \"image-2\"", &[2]),
        ("annotation.image.id = \"image-1\"", &[1]),
        ("annotation[image.id] != \"image-1\"", &[2]),
        ("annotation[image.id] BEGINSWITH \"image\"", all),
        ("annotation.tries", all),
        ("!annotation.tries", none),
        ("annotation.absent", none),
        ("annotation.tries > 1", &[2]),
        ("annotation.tries <= 1", &[1]),
        ("annotation.tries = \"1\"", none),
        ("annotation.cold", &[1]),
        ("annotation.cold = false", &[2]),
        ("annotation.cold != true", &[2]),
        ("NOT (annotation.cold OR fault)", &[2]),
        ("annotation.cold AND fault OR ok", all),
        ("annotation.cold AND (fault OR ok)", &[1]),
    ] {
        assert_eq!(found(expression), expected, "{expression}");
    }
}

#[test]
fn service_finds_what_the_root_segment_does_not_show() {
    let (all, none): (&[u64], &[u64]) = (&[2, 1], &[]);
    for (expression, expected) in [
        ("service(\"image-processor-lambda\")", all),
        ("service(\"nobody\")", none),
        ("!service(\"nobody\")", all),
        ("service() { fault }", all),
        ("service() { throttle }", none),
        ("service(\"SNS\") { fault AND http.status = 503 }", all),
        ("service(\"image-processor-lambda\") { fault }", none),
        ("service(\"image-processor-lambda\") { responsetime > 0.3 }", all),
        ("service(\"generate-upload-url\") { root = true and ok }", all),
        ("service(\"image-processor-lambda\") { root }", none),
        ("service(id(name: \"image-processor-lambda\", type: \"AWS::Lambda::Function\"))", all),
        ("service(id(name: \"image-processor-lambda\", type: \"AWS::EC2::Instance\"))", none),
        ("service(id(type: \"AWS::SNS\")) { fault }", all),
    ] {
        assert_eq!(found(expression), expected, "{expression}");
    }
}

#[test]
fn an_expression_that_is_not_understood_is_refused_with_a_sentence() {
    let deep = format!("{}ok{}", "(".repeat(40), ")".repeat(40));
    for (expression, why) in [
        ("colour = 1", "colour is not a keyword"),
        ("edge(\"a\", \"b\") { error }", "edge is not answered by the local stack"),
        ("group.name = \"slow\"", "group.name is not answered by the local stack"),
        (
            "rootcause.fault.service { inferred }",
            "rootcause.fault.service is not answered by the local stack",
        ),
        ("duration >", "it ends too early"),
        ("duration > \"5\"", "`\"5\"` is not expected here"),
        ("duration CONTAINS 5", "CONTAINS is not a keyword"),
        ("http.url = 5", "`5` is not expected here"),
        ("annotation.a > \"5\"", "`\"5\"` is not expected here"),
        ("ok = 1", "`1` is not expected here"),
        ("ok AND", "it ends too early"),
        ("(ok", "it ends too early"),
        ("ok)", "`)` is not expected here"),
        ("service(\"a\") { annotation.b }", "annotations cannot be used inside of service()"),
        ("service(\"a\") { service(\"b\") }", "service() cannot be used inside of service()"),
        ("user = \"alice", "a text has no closing \""),
        ("annotation[a = 1", "a `[` has no `]`"),
        ("duration > 1.2.3", "1.2.3 is not a number"),
        ("ok ; fault", "`;` is not expected here"),
        (&deep, "it is nested too deep"),
    ] {
        let refused = summaries(&mut uploads(1), &json!({ "FilterExpression": expression })).unwrap_err();
        assert_eq!(refused.code(), (400, "InvalidRequestException"), "{expression}");
        assert_eq!(refused.to_string(), format!("Invalid filter expression: {why}."), "{expression}");
    }
}
