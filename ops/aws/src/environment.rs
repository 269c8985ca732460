//! Client configuration from the standard AWS environment: variables, else what the AWS CLI knows.

use std::io;
use std::process::Output;

use serde::Deserialize;
use tokio::process::Command;

use crate::{Aws, Credentials};

/// What the environment lacks.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// No region.
    #[error("no AWS region is set; `export AWS_REGION=ap-northeast-1`, or `aws configure set region`")]
    Region,
    /// No credentials, and no AWS CLI to ask for some.
    #[error(
        "no AWS credentials; export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or install the AWS CLI 2, whose profiles are used then"
    )]
    NoCli(#[source] io::Error),
    /// The AWS CLI has none either.
    #[error(
        "no AWS credentials; export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in (`aws sso login`) and set AWS_PROFILE. `aws configure export-credentials` printed: {0}"
    )]
    CliRefused(String),
    /// The AWS CLI printed something else.
    #[error("`aws configure export-credentials` printed no credentials; it needs version 2 of the AWS CLI")]
    CliAnswer(#[source] serde_json::Error),
}

/// What `aws configure export-credentials` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exported {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl Aws {
    /// The client that the environment describes, by its variables as `lookup` knows them.
    ///
    /// Profiles, single sign-on and roles of machines are left to the AWS CLI: it is asked for credentials
    /// and region when the variables have none.
    ///
    /// # Errors
    ///
    /// Says which of them is missing and how to set it.
    pub async fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let region = match set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")) {
            Some(region) => region,
            None => configured_region().await.ok_or(EnvironmentError::Region)?,
        };
        let credentials = match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
            (Some(access_key_id), Some(secret_access_key)) => {
                Credentials { access_key_id, secret_access_key, session_token: set("AWS_SESSION_TOKEN") }
            }
            _ => exported_credentials().await?,
        };
        Ok(match set("AWS_ENDPOINT_URL") {
            Some(endpoint) => Self::new(&endpoint, &region, credentials),
            None => Self::regional(&region, credentials),
        })
    }
}

async fn configured_region() -> Option<String> {
    let output = cli(&["configure", "get", "region"]).await.ok()?;
    let region = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !region.is_empty()).then_some(region)
}

async fn exported_credentials() -> Result<Credentials, EnvironmentError> {
    let words = ["configure", "export-credentials", "--format", "process"];
    let output = cli(&words).await.map_err(EnvironmentError::NoCli)?;
    if !output.status.success() {
        let printed = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(EnvironmentError::CliRefused(printed));
    }
    let Exported { access_key_id, secret_access_key, session_token } =
        serde_json::from_slice(&output.stdout).map_err(EnvironmentError::CliAnswer)?;
    Ok(Credentials { access_key_id, secret_access_key, session_token })
}

async fn cli(words: &[&str]) -> io::Result<Output> {
    Command::new("aws").args(words).output().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(variables: &[(&str, &str)]) -> Aws {
        let lookup = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Aws::from_environment(lookup).await.unwrap()
    }

    const KEYS: [(&str, &str); 3] =
        [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")];

    #[tokio::test]
    async fn variables_of_the_aws_cli_make_a_client_of_aws_with_its_session() {
        let [id, secret, session] = KEYS;
        let aws = read(&[id, secret, session, ("AWS_DEFAULT_REGION", "eu-west-1")]).await;
        assert_eq!(aws.endpoint(), "https://{service}.eu-west-1.amazonaws.com");
        assert_eq!(aws.region(), "eu-west-1");
        let url = "https://sqs.eu-west-1.amazonaws.com/";
        let signed = aws.signature("sqs", &http::Method::POST, url, b"{}", &[]).unwrap();
        assert!(signed.iter().any(|(name, value)| *name == "x-amz-security-token" && value == "t"));
    }

    #[tokio::test]
    async fn endpoint_of_the_environment_and_the_newer_region_variable_win() {
        let [id, secret, _] = KEYS;
        let region = [("AWS_REGION", "ap-northeast-1"), ("AWS_DEFAULT_REGION", "eu-west-1")];
        let aws =
            read(&[id, secret, region[0], region[1], ("AWS_ENDPOINT_URL", "http://127.0.0.1:1/")]).await;
        assert_eq!((aws.endpoint(), aws.region()), ("http://127.0.0.1:1", "ap-northeast-1"));
    }
}
