//! A real engine of a test's own, on a free port.

use std::fs;
use std::path::{Path, PathBuf};

use aws_client::{Aws, Credentials};
use local_stack::deploy::Functions;
use local_stack::engine::{ENGINE_PACKAGES, Engine, Launch, Provision, StartError, Venv};
use local_stack::faults::Processes;
use local_stack::stack::Options;
use serde_json::json;
use tempfile::TempDir;

/// The region that the tests live in.
pub(crate) const REGION: &str = "ap-northeast-1";

/// An engine and its directory.
pub(crate) struct Lab {
    directory: TempDir,
    engine: Engine,
}

impl Lab {
    /// Starts an engine.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts an engine with variables beside its own.
    pub(crate) async fn start_with(environment: &[(String, String)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let venv = venv().await;
        let launch =
            Launch { venv: &venv, directory: directory.path(), port: 0, region: REGION, environment };
        let engine = Engine::start(launch).await.unwrap();
        Self { directory, engine }
    }

    /// A client of the account's root user.
    pub(crate) fn aws(&self) -> Aws {
        Aws::new(self.engine.endpoint(), REGION, self.engine.root_credentials().clone())
    }

    /// Where its APIs are.
    pub(crate) fn endpoint(&self) -> &str {
        self.engine.endpoint()
    }

    /// Its processes.
    pub(crate) fn processes(&self) -> Processes {
        self.engine.processes()
    }

    /// The key of its root user.
    pub(crate) fn root_credentials(&self) -> &Credentials {
        self.engine.root_credentials()
    }

    /// Where the test may write.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Stops the engine and waits until it is gone.
    pub(crate) async fn stop(self) {
        self.engine.stop().await.unwrap();
    }
}

/// The environment that all tests and stacks of this repository share.
pub(crate) async fn venv() -> Venv {
    let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.local-stack"));
    let provision = Provision { directory, python: "python3".into(), packages: ENGINE_PACKAGES };
    provision.ensure(&()).await.unwrap()
}

/// Starts an engine in `directory`.
pub(crate) async fn start(directory: &Path, port: u16) -> Result<Engine, StartError> {
    let venv = venv().await;
    Engine::start(Launch { venv: &venv, directory, port, region: REGION, environment: &[] }).await
}

/// An access key.
pub(crate) fn credentials(id: &str, secret: &str) -> Credentials {
    Credentials { access_key_id: id.into(), secret_access_key: secret.into(), session_token: None }
}

/// Creates a role for functions, which may write their log and read queues; gives its ARN.
pub(crate) async fn function_role(aws: &Aws) -> String {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = [("RoleName", "lab"), ("AssumeRolePolicyDocument", trust)];
    aws.query("iam", "2010-05-08", "CreateRole", &role).await.unwrap();
    let actions = [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    ];
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    let rights = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let policy = [("RoleName", "lab"), ("PolicyName", "rights"), ("PolicyDocument", rights.as_str())];
    aws.query("iam", "2010-05-08", "PutRolePolicy", &policy).await.unwrap();
    "arn:aws:iam::000000000000:role/lab".to_owned()
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).unwrap()
}

/// Programs that do nothing: these tests are about what stands, not about what runs.
pub(crate) fn stubs(directory: &Path) -> Functions {
    let stub = directory.join("stub");
    fs::write(&stub, "#!/bin/sh\n").unwrap();
    let names = ["generate-upload-url", "image-processor-lambda", "image-status-lambda", "s3-metrics-lambda"];
    Functions::prebuilt(names.map(|name| (root().join("functions").join(name), stub.clone())).into())
}

/// A stack of the repository on free ports, with functions that do nothing.
pub(crate) fn options(name: &str, directory: &Path) -> Options {
    Options {
        name: name.into(),
        engine_port: 0,
        console_port: 0,
        root: root(),
        functions: Some(stubs(directory)),
        ..Options::default()
    }
}
