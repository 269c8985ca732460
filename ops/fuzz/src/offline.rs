//! What a function runs on that asks nobody.

use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Region},
};
use telemetry::Telemetry;
use tokio::runtime::{Builder, Runtime};

/// A client that can sign.
pub(crate) fn s3() -> Client {
    let sdk = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "fuzz"));
    Client::from_conf(sdk.build())
}

/// What is emitted is kept by nobody, or a long run would fill the memory.
pub(crate) fn telemetry() -> Telemetry {
    Telemetry::capture("fuzz").0
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}
