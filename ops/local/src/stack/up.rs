//! Start of a stack, step by step, and its end.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::state::{StateDir, StateError};
use super::{MissingOutput, NoRoom, Options, StackInfo, addresses, room};
use crate::console::{Console, Serving, Source};
use crate::deploy::{
    Assets, AssetsError, BuildError, DeployError, Deployed, Deployment, Functions, ReconcileError,
    Reconciled, Topic, create_outbox, reconcile,
};
use crate::engine::{ENGINE_PACKAGES, Engine, Launch, Provision, ProvisionError, StartError};
use crate::faults::{Faults, Proxy, Proxying};
use crate::observe::{Clock, Observer, Receivers, Targets};
use crate::user::create_user;
use aws_client::{Aws, AwsError};
use terminal::progress::{Reporter, Step};

/// The guide's region.
const REGION: &str = "ap-northeast-1";

/// The stack's name in CloudFormation, as in samconfig.toml.
pub const STACK: &str = "image-pipeline";

/// The topics whose mail is shown.
const TOPICS: [&str; 3] = ["TopicArn", "PageTopicArn", "TicketTopicArn"];

/// A running stack; dropping it kills its processes, [`Stack::down`] also waits for their end.
#[derive(Debug)]
pub struct Stack {
    /// What a client needs to know.
    pub info: StackInfo,
    /// What is seen of it.
    pub observer: Observer,
    /// What can be made to go wrong with it.
    pub faults: Faults,
    console: Serving,
    _proxy: Proxying,
    engine: Engine,
    /// Last, so that the directory is emptied when nobody writes there any more.
    state: StateDir,
}

/// A stack did not come up; nothing of it is left running.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// Not the repository.
    #[error("there is no template.yaml in {root}; start in the repository, or name it with --root")]
    Root {
        /// Where it was looked for.
        root: PathBuf,
        /// Why it cannot be read.
        #[source]
        source: io::Error,
    },
    /// The stack's directory cannot be had.
    #[error(transparent)]
    State(#[from] StateError),
    /// The console's port cannot be had.
    #[error(
        "port {port} for the console cannot be opened; choose another one with --console-port (0 picks a free one)"
    )]
    ConsolePort {
        /// The port asked for.
        port: u16,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Loopback has no free port for traces.
    #[error("no port for traces could be opened on 127.0.0.1")]
    Receivers(#[source] io::Error),
    /// Loopback has no free port for the functions' calls.
    #[error("no port for the functions' calls could be opened on 127.0.0.1")]
    Proxy(#[source] io::Error),
    /// The engine could not be installed.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The functions could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The engine did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The functions would not fit.
    #[error(transparent)]
    Room(#[from] NoRoom),
    /// The template could not be deployed.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// What the engine dropped could not be applied again.
    #[error(transparent)]
    Reconcile(Box<ReconcileError>),
    /// An alarm or a dashboard is not understood.
    #[error(transparent)]
    Assets(#[from] AssetsError),
    /// The template lacks an output.
    #[error(transparent)]
    Output(#[from] MissingOutput),
    /// The outbox could not be made.
    #[error("the queue that shows notifications could not be made")]
    Outbox(#[source] AwsError),
    /// The demo user could not be made.
    #[error("the demo user could not be created")]
    User(#[source] AwsError),
    /// The state file could not be written.
    #[error(
        "the stack's address could not be written to its state file; see that the disk of .local-stack has room"
    )]
    Publish(#[source] io::Error),
}

impl Stack {
    /// Installs, builds, starts, deploys; dropping the future undoes all of it.
    ///
    /// # Errors
    ///
    /// Says what is missing or wrong and what to do; nothing is left running.
    pub async fn up(options: Options, reporter: &dyn Reporter) -> Result<Self, UpError> {
        let root = repository(&options.root)?;
        let state = StateDir::take(&root, &options.name)?;
        let port = options.console_port;
        let console = Console::bind(port).await.map_err(|source| UpError::ConsolePort { port, source })?;
        let receivers = Observer::bind().await.map_err(UpError::Receivers)?;
        let proxy = Proxy::bind().await.map_err(UpError::Proxy)?;
        let (engine, functions) = tokio::try_join!(
            start(&options, &root, &state, &receivers, &proxy, reporter),
            build(&options, &root, reporter),
        )?;
        room::check(state.path(), &functions)?;
        let faults = Faults::default();
        let presigned = proxy.address();
        let proxy = proxy.serve(engine.endpoint(), engine.processes(), faults.clone());
        let aws = Aws::new(engine.endpoint(), REGION, engine.root_credentials().clone());
        let (deployed, reconciled) =
            deploy(&options, &root, &aws, &functions, &console.address(), reporter).await?;
        let assets = Assets::of(&aws, &deployed).await?;
        let info = settle(&options, &aws, deployed, reconciled, &console.address(), reporter).await?;
        let (log_groups, outbox_queue_url) = (info.log_groups.clone(), info.outbox_queue_url.clone());
        let targets =
            Targets { log_groups, outbox_queue_url, assets, clock: Clock::start(options.clock_rate) };
        let observer = Observer::start(receivers, &aws, targets);
        let source = Source::of(observer.clone(), &info, faults.clone());
        let console = console.serve(Source { presigned, root, ..source }, options.pages);
        state.publish(&info).map_err(UpError::Publish)?;
        Ok(Self { info, observer, faults, console, _proxy: proxy, engine, state })
    }

    /// The process group of the engine and the functions.
    #[must_use]
    pub fn engine_group(&self) -> i32 {
        self.engine.processes().group
    }

    /// The engine's log, and its last lines.
    #[must_use]
    pub fn engine_log(&self) -> (&Path, String) {
        (self.engine.log(), self.engine.last_words())
    }

    /// Waits for the engine to end by itself, which it does only when something is wrong.
    ///
    /// # Errors
    ///
    /// When the process cannot be waited for.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.engine.ended().await
    }

    /// Takes the stack down; afterwards no process of it runs.
    ///
    /// # Errors
    ///
    /// When the engine is still there after some seconds.
    pub async fn down(self) -> io::Result<()> {
        let Self { observer, console, engine, state, .. } = self;
        drop(console);
        observer.stop();
        let stopped = engine.stop().await;
        drop(state);
        stopped
    }
}

fn repository(root: &Path) -> Result<PathBuf, UpError> {
    let missing = |source| UpError::Root { root: root.to_owned(), source };
    let absolute = fs::canonicalize(root).map_err(missing)?;
    fs::metadata(absolute.join("template.yaml")).map_err(missing)?;
    Ok(absolute)
}

async fn start(
    options: &Options,
    root: &Path,
    state: &StateDir,
    receivers: &Receivers,
    proxy: &Proxy,
    reporter: &dyn Reporter,
) -> Result<Engine, UpError> {
    let provision = Provision {
        directory: root.join(".local-stack"),
        python: options.python.clone(),
        packages: ENGINE_PACKAGES,
    };
    let venv = provision.ensure(reporter).await?;
    let step = Step::start(reporter, "engine-start", "Starting the engine");
    let environment = [
        ("AWS_XRAY_DAEMON_ADDRESS".to_owned(), receivers.xray_daemon_address()),
        // The engine hands it to its functions; it does not use it itself.
        ("AWS_ENDPOINT_URL".to_owned(), proxy.address()),
        // These it keeps for itself.
        ("SERVICE_METRICS".to_owned(), receivers.services_address()),
        ("HANDED_ON".to_owned(), receivers.handed_on_address()),
        ("CLOCK_RATE".to_owned(), options.clock_rate.max(1).to_string()),
    ];
    let launch = Launch {
        venv: &venv,
        directory: state.path(),
        port: options.engine_port,
        region: REGION,
        environment: &environment,
    };
    let engine = Engine::start(launch).await?;
    step.finish(format!("Engine answers at {}", engine.endpoint()));
    Ok(engine)
}

async fn build(options: &Options, root: &Path, reporter: &dyn Reporter) -> Result<Functions, UpError> {
    match &options.functions {
        Some(functions) => Ok(functions.clone()),
        None => Ok(Functions::build(root, &options.cargo, reporter).await?),
    }
}

async fn deploy(
    options: &Options,
    root: &Path,
    aws: &Aws,
    functions: &Functions,
    console: &str,
    reporter: &dyn Reporter,
) -> Result<(Deployed, Reconciled), UpError> {
    let mut parameters = options.deployed_parameters();
    addresses::let_console_sign_in(&mut parameters, console);
    let template = &options.template.clone().unwrap_or_else(|| root.join("template.yaml"));
    let deployment = Deployment { aws, stack: STACK, template, parameters: &parameters, functions };
    let deployed = deployment.create(reporter).await?;
    let reconciled = reconcile(aws, &deployed, reporter).await;
    Ok((deployed, reconciled.map_err(|error| UpError::Reconcile(Box::new(error)))?))
}

/// Adds what only the local stack has: the outbox and somebody who may sign in.
async fn settle(
    options: &Options,
    aws: &Aws,
    deployed: Deployed,
    reconciled: Reconciled,
    console: &str,
    reporter: &dyn Reporter,
) -> Result<StackInfo, UpError> {
    let step = Step::start(reporter, "settle", "Creating a demo user");
    let output = |name| deployed.outputs.get(name).map(String::as_str).ok_or(MissingOutput(name));
    let topics = TOPICS.map(|name| output(name).map(|arn| Topic::of(&deployed, arn)));
    let topics = topics.into_iter().collect::<Result<Vec<_>, _>>()?;
    let outbox_queue_url = create_outbox(aws, &topics).await.map_err(UpError::Outbox)?;
    let user = create_user(aws, output("UserPoolId")?).await.map_err(UpError::User)?;
    let groups = deployed.resources.values().filter(|resource| resource.kind == "AWS::Logs::LogGroup");
    let log_groups = groups.map(|group| group.physical_id.clone()).collect();
    let mut outputs = deployed.outputs;
    addresses::localise(&mut outputs, aws.endpoint(), console);
    step.finish(format!("Created the demo user {}", user.email));
    Ok(StackInfo {
        name: options.name.clone(),
        endpoint: aws.endpoint().to_owned(),
        console: console.to_owned(),
        region: REGION.to_owned(),
        outputs,
        log_groups,
        outbox_queue_url,
        credentials: aws.credentials().clone(),
        user,
        pid: std::process::id(),
        reconciled,
    })
}

/// What must differ from AWS for the template to run on this machine.
pub(super) fn local_parameters() -> BTreeMap<String, String> {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    // The engine refuses a template with composite alarms; ours are evaluated by `ops` and not by it.
    [("Architecture", architecture), ("MathAlarms", "disabled")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}
