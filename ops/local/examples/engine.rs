//! Starts a bare engine, prints its address, its process group and its root user's key, and keeps it until it is killed.
//!
//! `cargo run -p local-stack --example engine -- DIRECTORY [PORT]`

use std::error::Error;
use std::io::{Write, stdout};
use std::path::PathBuf;

use local_stack::engine::{ENGINE_PACKAGES, Engine, Launch, Provision};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("name the directory for the engine's files")?);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let environments = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.local-stack"));
    let venv = Provision { directory: environments, python: "python3".into(), packages: ENGINE_PACKAGES };
    let venv = venv.ensure(&()).await?;
    let launch =
        Launch { venv: &venv, directory: &directory, port, region: "ap-northeast-1", environment: &[] };
    let mut engine = Engine::start(launch).await?;
    let key = engine.root_credentials();
    let (id, secret) = (&key.access_key_id, &key.secret_access_key);
    writeln!(stdout(), "{} {} {id} {secret}", engine.endpoint(), engine.processes().group)?;
    Err(format!("the engine ended: {}", engine.ended().await?).into())
}
