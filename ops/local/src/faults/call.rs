//! AWS API call that a request makes: service, operation and subject, as far as the request names them.

use http::request::Parts;
use http::{HeaderMap, Method, Uri};

/// The call that a request makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiCall {
    /// The service as signatures name it, such as `dynamodb`; empty without a signature.
    pub service: String,
    /// The API operation, such as `PutItem`.
    pub operation: String,
    /// What the call is about: for S3 the path, which is bucket and key, for other services the body.
    pub subject: String,
}

impl ApiCall {
    /// Whether a request is about an object, whose bytes do not name the call and may be many.
    pub(super) fn is_of_objects(head: &Parts) -> bool {
        service(&head.headers, &head.uri).is_none_or(|service| service == "s3")
    }

    /// Reads the call of a request; `body` is empty for calls about objects.
    pub(super) fn of(head: &Parts, body: &[u8]) -> Self {
        let service = service(&head.headers, &head.uri).unwrap_or_default().to_owned();
        if Self::is_of_objects(head) {
            let operation = s3_operation(&head.method, &head.uri).to_owned();
            return Self { service, operation, subject: head.uri.path().to_owned() };
        }
        let target = head.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        let action = || url::form_urlencoded::parse(body).find(|(name, _)| name == "Action");
        // Smithy's RPC protocols name it last: `/service/Granite.../operation/PutMetricData`.
        let path = head.uri.path().rsplit('/').next().filter(|last| !last.is_empty());
        let operation = match (target.and_then(|target| target.rsplit('.').next()), path) {
            (Some(named), _) | (None, Some(named)) => named.to_owned(),
            (None, None) => action().map(|(_, action)| action.into_owned()).unwrap_or_default(),
        };
        Self { service, operation, subject: String::from_utf8_lossy(body).into_owned() }
    }
}

/// The service that a signature is for: the fourth part of its scope, in the header or in the query.
fn service<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let scope = match headers.get(http::header::AUTHORIZATION) {
        Some(value) => {
            value.to_str().ok()?.split("Credential=").nth(1)?.split(',').next()?.split('/').nth(3)?
        }
        None => uri.query()?.split("X-Amz-Credential=").nth(1)?.split('&').next()?.split("%2F").nth(3)?,
    };
    Some(scope)
}

/// The operations on objects that the pipeline uses; others keep the method's name.
fn s3_operation<'a>(method: &'a Method, uri: &Uri) -> &'a str {
    let is_listing = uri.query().is_some_and(|query| query.contains("list-type=2"));
    match *method {
        Method::GET if is_listing => "ListObjectsV2",
        Method::GET => "GetObject",
        Method::HEAD => "HeadObject",
        Method::PUT => "PutObject",
        Method::DELETE => "DeleteObject",
        _ => method.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const SCOPE: &str = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/";

    fn read(method: Method, uri: &str, headers: &[(&str, &str)], body: &str) -> (String, String) {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let call = ApiCall::of(&request.body(()).unwrap().into_parts().0, body.as_bytes());
        (call.service, call.operation)
    }

    fn names(service: &str, operation: &str) -> (String, String) {
        (service.to_owned(), operation.to_owned())
    }

    #[test]
    fn each_protocol_names_its_operation() {
        let signed =
            |service: &str| format!("{SCOPE}{service}/aws4_request, SignedHeaders=host, Signature=0");
        let dynamodb = signed("dynamodb");
        let headers = [("authorization", dynamodb.as_str()), ("x-amz-target", "DynamoDB_20120810.PutItem")];
        assert_eq!(read(Method::POST, "/", &headers, "{}"), names("dynamodb", "PutItem"));

        let path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
        let call = read(Method::POST, path, &[("authorization", &signed("monitoring"))], "");
        assert_eq!(call, names("monitoring", "PutMetricData"));

        let form = "Version=2010-03-31&Action=Publish";
        let call = read(Method::POST, "/", &[("authorization", &signed("sns"))], form);
        assert_eq!(call, names("sns", "Publish"));
    }

    #[test]
    fn object_calls_are_told_by_method_and_query_also_when_presigned() {
        let s3 = format!("{SCOPE}s3/aws4_request");
        let header = [("authorization", s3.as_str())];
        assert_eq!(read(Method::GET, "/b/k", &header, ""), names("s3", "GetObject"));
        assert_eq!(read(Method::GET, "/b?list-type=2", &header, ""), names("s3", "ListObjectsV2"));
        let presigned =
            "/b/k?x-id=PutObject&X-Amz-Credential=AKIA%2F20260101%2Feu-west-1%2Fs3%2Faws4_request";
        assert_eq!(read(Method::PUT, presigned, &[], ""), names("s3", "PutObject"));
    }
}
