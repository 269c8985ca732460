//! The signed client: Signature Version 4, the JSON, query and REST protocols.

use std::time::SystemTime;

use aws_credential_types::Credentials as SigningCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{Method, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{AwsError, refused};
use crate::http::Http;
use crate::xml;

/// What stands for the service's name in an endpoint that differs for each.
pub const SERVICE: &str = "{service}";

/// An access key, as a client on the stack needs it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The key's name.
    pub access_key_id: String,
    /// The key itself.
    pub secret_access_key: String,
    /// Present for temporary credentials.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// A signed client of one endpoint.
#[derive(Clone, Debug)]
pub struct Aws {
    endpoint: String,
    region: String,
    credentials: Credentials,
    http: Http,
}

impl Aws {
    /// A client of the APIs at `endpoint`, such as `http://127.0.0.1:4566`; a [`SERVICE`] in it stands for
    /// the name of the service that is called.
    #[must_use]
    pub fn new(endpoint: &str, region: &str, credentials: Credentials) -> Self {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Self { endpoint, region: region.to_owned(), credentials, http: Http::new() }
    }

    /// A client of AWS itself.
    #[must_use]
    pub fn regional(region: &str, credentials: Credentials) -> Self {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        Self::new(&format!("https://{SERVICE}.{region}.{suffix}"), region, credentials)
    }

    /// Where the APIs are, without a slash at the end.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether each service has a host of its own, as on AWS; otherwise one endpoint serves all of them.
    #[must_use]
    pub fn is_regional(&self) -> bool {
        self.endpoint.contains(SERVICE)
    }

    /// The region that requests are signed for.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// What requests are signed with.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Whose credentials these are: an ARN.
    ///
    /// # Errors
    ///
    /// When they are nobody's, or no longer.
    pub async fn identity(&self) -> Result<String, AwsError> {
        let answer = self.query("sts", "2011-06-15", "GetCallerIdentity", &[]).await?;
        Ok(xml::first(&answer, "Arn").unwrap_or_default())
    }

    /// Calls an API of the JSON protocol: `SQS`, `DynamoDB`, CloudWatch Logs, Cognito and others.
    ///
    /// # Errors
    ///
    /// When the service refuses, answers nothing, or answers no JSON.
    pub async fn json(&self, service: &str, target: &str, body: Value) -> Result<Value, AwsError> {
        let version = if matches!(service, "sqs" | "dynamodb" | "monitoring") { "1.0" } else { "1.1" };
        let content_type = format!("application/x-amz-json-{version}");
        let headers = [("content-type", content_type.as_str()), ("x-amz-target", target)];
        let call = format!("{service} {}", target.rsplit('.').next().unwrap_or(target));
        let response =
            self.call(&call, service, Method::POST, "/", body.to_string().into_bytes(), &headers).await?;
        if response.body().is_empty() {
            return Ok(json!({}));
        }
        serde_json::from_slice(response.body())
            .map_err(|source| AwsError::Answer { call, source: Box::new(source) })
    }

    /// Calls an API of the query protocol (CloudFormation, SNS, IAM, STS); answers its XML.
    ///
    /// # Errors
    ///
    /// When the service refuses, answers nothing, or answers no text.
    pub async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        params: &[(&str, &str)],
    ) -> Result<String, AwsError> {
        let call = format!("{service} {action}");
        // Not kept across the call: the serializer cannot be sent to another thread.
        let body = {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("Action", action).append_pair("Version", version).extend_pairs(params);
            form.finish().into_bytes()
        };
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let response = self.call(&call, service, Method::POST, "/", body, &headers).await?;
        String::from_utf8(response.into_body().to_vec())
            .map_err(|source| AwsError::Answer { call, source: Box::new(source) })
    }

    /// Calls a REST API (S3, Lambda, API Gateway v2); the path must be percent-encoded already.
    ///
    /// # Errors
    ///
    /// When the service refuses (any status from 400) or answers nothing.
    pub async fn rest(
        &self,
        service: &str,
        method: Method,
        path_and_query: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Response<Bytes>, AwsError> {
        let path = path_and_query.split('?').next().unwrap_or(path_and_query);
        let call = format!("{service} {method} {path}");
        self.call(&call, service, method, path_and_query, body, headers).await
    }

    /// Calls an API; a refusal is an answer too, since some hold more than a code and a message.
    ///
    /// # Errors
    ///
    /// When the service answers nothing.
    pub async fn exchange(
        &self,
        call: &str,
        service: &str,
        method: Method,
        path_and_query: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Response<Bytes>, AwsError> {
        let url = format!("{}{path_and_query}", self.endpoint.replace(SERVICE, service));
        let signed = self
            .signature(service, &method, &url, &body, headers)
            .map_err(|source| AwsError::Signing { call: call.to_owned(), source })?;
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        all.extend(signed.iter().map(|(name, value)| (*name, value.as_str())));
        let answer = self.http.send(method, &url, &all, body).await;
        answer.map_err(|source| AwsError::Http { call: call.to_owned(), source })
    }

    async fn call(
        &self,
        call: &str,
        service: &str,
        method: Method,
        path_and_query: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Response<Bytes>, AwsError> {
        let response = self.exchange(call, service, method, path_and_query, body, headers).await?;
        if response.status().is_client_error() || response.status().is_server_error() {
            return Err(refused(call, &response));
        }
        Ok(response)
    }

    /// The headers that sign a request.
    pub(crate) fn signature(
        &self,
        service: &str,
        method: &Method,
        url: &str,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Result<Vec<(&'static str, String)>, Box<dyn std::error::Error + Send + Sync>> {
        let Credentials { access_key_id, secret_access_key, session_token } = &self.credentials;
        let identity = SigningCredentials::new(
            access_key_id,
            secret_access_key,
            session_token.clone(),
            None,
            "local-stack",
        )
        .into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(settings(service))
            .build()?
            .into();
        let request =
            SignableRequest::new(method.as_str(), url, headers.iter().copied(), SignableBody::Bytes(body))?;
        let (instructions, _) = sign(request, &params)?.into_parts();
        let (headers, _) = instructions.into_parts();
        Ok(headers.into_iter().map(|header| (header.name(), header.value().to_owned())).collect())
    }
}

/// S3 signs paths as they are and a checksum of the body; the others encode paths twice.
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aws() -> Aws {
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
        };
        Aws::new("http://127.0.0.1:4566/", "ap-northeast-1", credentials)
    }

    #[test]
    fn scope_of_the_signature_names_region_and_service() {
        let headers = [("x-amz-target", "AmazonSQS.ReceiveMessage")];
        let signed =
            aws().signature("sqs", &Method::POST, "http://127.0.0.1:4566/", b"{}", &headers).unwrap();
        let (_, authorization) = signed.iter().find(|(name, _)| *name == "authorization").unwrap();
        assert!(authorization.contains("/ap-northeast-1/sqs/aws4_request"), "{authorization}");
        assert!(authorization.contains("x-amz-target"), "{authorization}");
    }

    #[test]
    fn only_s3_requests_carry_the_checksum_of_their_body() {
        let names = |service: &str| -> Vec<&str> {
            let url = "http://127.0.0.1:4566/bucket/key";
            let signed = aws().signature(service, &Method::PUT, url, b"body", &[]).unwrap();
            signed.into_iter().map(|(name, _)| name).collect()
        };
        assert!(names("s3").contains(&"x-amz-content-sha256"));
        assert!(!names("lambda").contains(&"x-amz-content-sha256"));
    }

    #[test]
    fn regional_client_calls_each_service_at_its_own_host() {
        let aws = Aws::regional("cn-north-1", aws().credentials);
        let url = aws.endpoint().replace(SERVICE, "sqs");
        assert_eq!(url, "https://sqs.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn secrets_are_absent_from_debug_output() {
        assert!(!format!("{:?}", aws()).contains("wJalr"));
    }
}
