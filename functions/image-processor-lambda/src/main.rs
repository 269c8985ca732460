//! Wiring only.

use image_processor_lambda::{app::App, aws::AwsStore, config::Config, handler};
use telemetry::{Entry, Telemetry, Trigger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = Telemetry::init(env!("CARGO_PKG_NAME"))?;
    let start = async {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let config = Config::read(|name| std::env::var(name).ok())?;
        let store = AwsStore::load(&config).await;
        Ok::<_, lambda_runtime::Error>(App::new(config, store, telemetry.clone()))
    };
    let app = telemetry.start(Box::pin(start)).await?;
    let entry = Entry { span: "process_batch", trigger: Trigger::PubSub };
    telemetry
        .run(entry, async |event| Ok::<_, lambda_runtime::Error>(handler::handle(&app, event).await))
        .await
}
