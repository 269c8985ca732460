//! URLs that thumbnails can be fetched at; presigning is computation, no call is made.

use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_sdk_s3::{Client, presigning::PresigningConfig};
use telemetry_aws_sdk::CallSpans;

use crate::{config::Config, error::Refusal};

/// How long a URL may be used.
pub const EXPIRES_IN: Duration = Duration::from_mins(5);

/// Signs URLs of thumbnails with the function's own credentials.
#[derive(Clone, Debug)]
pub struct Signer {
    client: Client,
    bucket: String,
    /// Fixed by tests; otherwise the time of signing.
    now: fn() -> SystemTime,
}

impl Signer {
    /// A signer with the credentials of the environment.
    pub async fn load(config: &Config) -> Self {
        let sdk = aws_config::defaults(BehaviorVersion::latest()).load().await;
        // Signing calls nothing; were a call ever added, its trace would go along.
        let client = aws_sdk_s3::config::Builder::from(&sdk).interceptor(CallSpans::default());
        Self::new(Client::from_conf(client.build()), &config.processed_bucket, SystemTime::now)
    }

    /// A signer with `client`'s credentials and region, at the time that `now` returns.
    #[must_use]
    pub fn new(client: Client, bucket: &str, now: fn() -> SystemTime) -> Self {
        Self { client, bucket: bucket.to_owned(), now }
    }

    /// Signs a GET of the object `key`.
    ///
    /// # Errors
    ///
    /// Fails when the environment has no usable credentials.
    pub async fn sign(&self, key: &str) -> Result<String, Refusal> {
        let presigning = PresigningConfig::builder().start_time((self.now)()).expires_in(EXPIRES_IN).build();
        let presigning = presigning.map_err(|error| Refusal::Signing(error.into()))?;
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        // The SDK's future has kilobytes, which each caller's would have too.
        let presigned = Box::pin(request.presigned(presigning)).await;
        Ok(presigned.map_err(|error| Refusal::Signing(error.into()))?.uri().to_owned())
    }
}
