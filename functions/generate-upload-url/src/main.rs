//! Wiring only.

use generate_upload_url::{
    config::Config,
    handler::{self, App},
    upload_url::Signer,
};
use telemetry::{Entry, Telemetry, Trigger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = Telemetry::init(env!("CARGO_PKG_NAME"))?;
    let start = async {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let config = Config::read(|name| std::env::var(name).ok())?;
        Ok::<_, lambda_runtime::Error>(App {
            signer: Signer::load(&config).await,
            config,
            telemetry: telemetry.clone(),
        })
    };
    let app = telemetry.start(Box::pin(start)).await?;
    let entry = Entry { span: "issue_upload_url", trigger: Trigger::Http };
    telemetry
        .run(entry, async |event| Ok::<_, lambda_runtime::Error>(handler::handle(&app, event).await))
        .await
}
