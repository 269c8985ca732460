//! One running stack: what it is, how it comes up, how it goes down.

mod addresses;
mod room;
mod state;
mod up;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::console::Pages;
use crate::deploy::{Functions, Reconciled};
use aws_client::{Aws, Credentials};
use pipeline_client::stack::{Pipeline, SignIn};
use pipeline_client::user::Tokens;

pub use addresses::CALLBACK;
pub use pipeline_client::stack::MissingOutput;
pub use pipeline_client::user::User as DemoUser;
pub use room::NoRoom;
pub use state::{FindError, StateDir, StateError};
pub use up::{STACK, Stack, UpError};

/// Everything a client of a running stack needs; also its git-ignored state file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StackInfo {
    /// Distinguishes stacks side by side.
    pub name: String,
    /// Where the AWS APIs are.
    pub endpoint: String,
    /// Where the console is.
    pub console: String,
    /// The region everything lives in.
    pub region: String,
    /// The outputs of template.yaml.
    pub outputs: BTreeMap<String, String>,
    /// The log groups of functions and API.
    pub log_groups: Vec<String>,
    /// The local-only queue that gets a copy of every notification.
    pub outbox_queue_url: String,
    /// An access key for the APIs.
    pub credentials: Credentials,
    /// Who may log in.
    pub user: DemoUser,
    /// The process that keeps the stack up.
    pub pid: u32,
    /// What the engine dropped and was applied again, and what stays otherwise than on AWS.
    #[serde(flatten)]
    pub reconciled: Reconciled,
}

/// How to bring a stack up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Distinguishes stacks side by side.
    pub name: String,
    /// Port of the AWS APIs on loopback; 0 picks a free one.
    pub engine_port: u16,
    /// Port of the console on loopback; 0 picks a free one.
    pub console_port: u16,
    /// How many times faster than the day the clock of metrics, alarms and schedules goes.
    pub clock_rate: u32,
    /// Template parameters that differ from the local defaults.
    pub parameters: BTreeMap<String, String>,
    /// The repository: where template.yaml and the workspace are.
    pub root: PathBuf,
    /// A template instead of the repository's, such as that of an earlier release.
    pub template: Option<PathBuf>,
    /// Functions built elsewhere; `None` builds those of the workspace.
    pub functions: Option<Functions>,
    /// The program that builds; `cargo run` names it in `CARGO`.
    pub cargo: OsString,
    /// The program that the engine's virtual environment is made with.
    pub python: OsString,
    /// The console's pages beside its API.
    pub pages: Pages,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "default".into(),
            engine_port: 4566,
            console_port: 4580,
            clock_rate: 1,
            parameters: BTreeMap::new(),
            root: ".".into(),
            template: None,
            functions: None,
            cargo: "cargo".into(),
            python: "python3".into(),
            pages: |_| Router::new(),
        }
    }
}

impl Options {
    /// All parameters that differ from the template's defaults: what must differ from AWS for it to run on this machine, and
    /// those asked for.
    #[must_use]
    pub fn deployed_parameters(&self) -> BTreeMap<String, String> {
        let mut parameters = up::local_parameters();
        parameters.extend(self.parameters.clone());
        parameters
    }
}

/// What a program that changes the stack by its console shows: a digest, so that root's key itself is sent nowhere.
pub(crate) fn console_key(credentials: &Credentials) -> String {
    let digest = Sha256::digest(format!("faults:{}", credentials.secret_access_key));
    URL_SAFE_NO_PAD.encode(digest)
}

impl StackInfo {
    /// What the console asks of a program that changes the stack, as `Authorization: Bearer KEY`.
    #[must_use]
    pub fn console_key(&self) -> String {
        console_key(&self.credentials)
    }

    /// The variables by which the AWS CLI and SDKs find this stack; those without a value must not be set, since they would be
    /// heeded instead.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<&'static str, Option<&str>> {
        let key = &self.credentials;
        BTreeMap::from([
            ("AWS_ACCESS_KEY_ID", Some(key.access_key_id.as_str())),
            ("AWS_SECRET_ACCESS_KEY", Some(key.secret_access_key.as_str())),
            ("AWS_SESSION_TOKEN", key.session_token.as_deref()),
            ("AWS_REGION", Some(self.region.as_str())),
            ("AWS_DEFAULT_REGION", Some(self.region.as_str())),
            ("AWS_ENDPOINT_URL", Some(self.endpoint.as_str())),
            ("AWS_PROFILE", None),
            ("AWS_DEFAULT_PROFILE", None),
        ])
    }

    /// The variables that the clients of `docs/clients` read, for a user who is signed in. A client has the user's own key from
    /// the identity pool, so those without a value, by which one of an operator would be found, must not be set.
    ///
    /// # Errors
    ///
    /// When the template lacks an output.
    pub fn client_environment<'a>(
        &'a self,
        tokens: &'a Tokens,
    ) -> Result<BTreeMap<&'static str, Option<&'a str>>, MissingOutput> {
        let operators = self.environment().into_keys().map(|name| (name, None));
        let clients = [
            ("TOKEN", tokens.id_token.as_str()),
            ("USER_SUB", tokens.sub.as_str()),
            ("ENDPOINT", self.output("GenerateUploadUrlEndpoint")?),
            ("BUCKET", self.output("OriginalBucketName")?),
            ("USER_POOL", self.output("UserPoolId")?),
            ("IDENTITY_POOL", self.output("IdentityPoolId")?),
            ("AWS_REGION", self.region.as_str()),
            ("AWS_DEFAULT_REGION", self.region.as_str()),
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
        ];
        Ok(operators.chain(clients.map(|(name, value)| (name, Some(value)))).collect())
    }

    /// A signed client of this stack's APIs.
    #[must_use]
    pub fn aws(&self) -> Aws {
        Aws::new(&self.endpoint, &self.region, self.credentials.clone())
    }

    /// An output of the template, by name.
    ///
    /// # Errors
    ///
    /// When the template has no such output.
    pub fn output(&self, name: &'static str) -> Result<&str, MissingOutput> {
        self.outputs.get(name).map(String::as_str).ok_or(MissingOutput(name))
    }
}

impl Pipeline for StackInfo {
    fn aws(&self) -> Aws {
        StackInfo::aws(self)
    }

    fn output(&self, name: &'static str) -> Result<&str, MissingOutput> {
        StackInfo::output(self, name)
    }

    fn user(&self) -> &DemoUser {
        &self.user
    }

    fn sign_in(&self) -> SignIn {
        SignIn::Page
    }
}
