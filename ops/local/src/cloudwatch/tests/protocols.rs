//! One request and one answer in each protocol.

use http::HeaderMap;
use serde_json::{Value, json};

use super::{ApiError, account, minutes, seen};
use crate::cloudwatch::api::Request;
use crate::cloudwatch::wire::{Output, Protocol, members};

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
const JSON: &[(&str, &str)] = &[
    ("content-type", "application/x-amz-json-1.0"),
    ("x-amz-target", "GraniteServiceVersion20100801.DescribeAlarms"),
];
const CBOR: &[(&str, &str)] = &[("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")];
const PATH: &str = "service/GraniteServiceVersion20100801/operation/DescribeAlarms";

fn cbor(value: &Value) -> Vec<u8> {
    fn put(out: &mut minicbor::Encoder<Vec<u8>>, value: &Value) {
        match value {
            Value::Array(items) => {
                // Of no stated length, as the SDK for Rust writes them.
                out.begin_array().unwrap();
                for item in items {
                    put(out, item);
                }
                out.end().unwrap();
            }
            Value::Object(members) => {
                out.begin_map().unwrap();
                for (name, value) in members {
                    put(out.str(name).unwrap(), value);
                }
                out.end().unwrap();
            }
            Value::String(text) => drop(out.str(text).unwrap()),
            Value::Null => drop(out.null().unwrap()),
            other => drop(out.u64(other.as_u64().unwrap()).unwrap()),
        }
    }
    let mut out = minicbor::Encoder::new(Vec::new());
    put(&mut out, value);
    out.into_writer()
}

fn answer(pairs: &[(&'static str, &'static str)], path: &str, body: &[u8]) -> (u16, HeaderMap, Vec<u8>) {
    let headers = headers(pairs);
    let protocol = Protocol::of(&headers);
    let call = protocol.read(&headers, path, body);
    let operation = call.as_ref().map(|call| call.operation.clone()).unwrap_or_default();
    let answer = call.and_then(Request::read).and_then(|request| match request {
        Request::Query(query) => query.answer(&seen(), &account(), minutes(10)),
        Request::Change(_) => panic!("nothing is changed here"),
    });
    let (status, headers, body) = protocol.write(&operation, answer);
    (status.as_u16(), headers, body)
}

#[test]
fn a_request_means_the_same_in_each_protocol() {
    let names = ["orders-share", "orders-many"];
    let request = json!({"AlarmNames": names, "MaxRecords": 1, "StateValue": null});
    let form = "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=orders-share\
                &AlarmNames.member.2=orders-many&MaxRecords=1";
    let (_, found, text) = answer(FORM, "request", form.as_bytes());
    assert_eq!(found["content-type"], "text/xml");
    let text = String::from_utf8(text).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let one = |name: &str| {
        document
            .descendants()
            .find(|node| node.has_tag_name(("http://monitoring.amazonaws.com/doc/2010-08-01/", name)))
            .unwrap()
            .text()
            .unwrap()
    };
    assert_eq!((one("AlarmName"), one("EvaluationPeriods")), ("orders-many", "3"));
    assert_eq!(one("StateUpdatedTimestamp"), "2026-01-01T00:00:00Z");

    let json = json!({"AlarmNames": names, "MaxRecords": 1}).to_string();
    let (_, found, text) = answer(JSON, "request", json.as_bytes());
    assert_eq!(found["content-type"], "application/x-amz-json-1.0");
    let answered: Value = serde_json::from_slice(&text).unwrap();
    let alarm = &answered["MetricAlarms"][0];
    assert_eq!((&alarm["AlarmName"], &alarm["EvaluationPeriods"]), (&json!("orders-many"), &json!(3)));
    assert_eq!(alarm["StateUpdatedTimestamp"], 1_767_225_600.0);
    assert_eq!(one("NextToken"), answered["NextToken"]);

    let (_, found, bytes) = answer(CBOR, PATH, &cbor(&request));
    assert_eq!(found["content-type"], "application/cbor");
    assert_eq!(found["smithy-protocol"], "rpc-v2-cbor");
    let read = Protocol::Cbor.read(&headers(CBOR), PATH, &bytes).unwrap().input;
    assert_eq!(read, answered);
    let mut tags = minicbor::decode::Tokenizer::new(&bytes).filter_map(Result::ok);
    assert!(tags.any(|token| token == minicbor::data::Token::Tag(minicbor::data::IanaTag::Timestamp.tag())));
}

#[test]
fn an_error_has_its_shape_and_the_code_of_the_query_protocol() {
    let (status, _, text) = answer(FORM, "request", b"Action=GetDashboard&DashboardName=a<b");
    let text = String::from_utf8(text).unwrap();
    assert_eq!(status, 404);
    assert!(
        text.contains("<Code>ResourceNotFound</Code><Message>Dashboard a&lt;b does not exist</Message>"),
        "{text}"
    );

    let target = ("x-amz-target", "GraniteServiceVersion20100801.GetDashboard");
    let (status, found, text) = answer(&[target], "request", br#"{"DashboardName": "none"}"#);
    let error: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!((status, &error["__type"]), (404, &json!("DashboardNotFoundError")));
    assert_eq!(found["x-amzn-query-error"], "ResourceNotFound;Sender");

    let path = PATH.replace("DescribeAlarms", "GetDashboard");
    let (status, found, _) = answer(CBOR, &path, &cbor(&json!({"DashboardName": "none"})));
    assert_eq!((status, &found["x-amzn-query-error"]), (404, &"ResourceNotFound;Sender".parse().unwrap()));
}

#[test]
fn bodies_that_are_none_are_refused_and_never_a_panic() {
    let deep = [0x81; 100];
    for (pairs, body) in [
        (CBOR, &b"\xff"[..]),
        (CBOR, &deep[..]),
        (CBOR, &b"\xa1\x61"[..]),
        (CBOR, &b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff"[..]),
        (JSON, &b"{"[..]),
        (FORM, &b"Action=DescribeAlarms&MaxRecords=many"[..]),
        (FORM, &b"Action=DescribeAlarms&AlarmNames.member.1.x=1"[..]),
        (FORM, &b""[..]),
    ] {
        let (status, _, _) = answer(pairs, PATH, body);
        assert!((400..500).contains(&status), "{status} {body:?}");
    }
    let path = format!("Action=DescribeAlarms&{}=1", "a.".repeat(10_000));
    assert_eq!(answer(FORM, "request", path.as_bytes()).0, 400);
}

#[test]
fn values_by_names_of_the_data_are_entries_of_a_map() {
    let map = || Output::Map(vec![("p99".to_owned(), 1.5.into())]);
    let output = members([("ExtendedStatistics", Some(map()))]);
    let written = |protocol: Protocol| protocol.write("X", Ok::<_, ApiError>(output.clone())).2;
    let text = String::from_utf8(written(Protocol::Query)).unwrap();
    let wanted = "<ExtendedStatistics><entry><key>p99</key><value>1.5</value></entry></ExtendedStatistics>";
    assert!(text.contains(wanted), "{text}");
    assert_eq!(written(Protocol::Json), br#"{"ExtendedStatistics":{"p99":1.5}}"#);
}
