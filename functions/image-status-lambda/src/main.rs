//! Wiring only.

use image_status_lambda::{
    config::Config,
    handler::{self, App},
    store::AwsItems,
    thumbnail_url::Signer,
};
use telemetry::{Entry, Telemetry, Trigger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = Telemetry::init(env!("CARGO_PKG_NAME"))?;
    let start = async {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let config = Config::read(|name| std::env::var(name).ok())?;
        Ok::<_, lambda_runtime::Error>(App {
            items: AwsItems::load(&config).await,
            signer: Signer::load(&config).await,
            telemetry: telemetry.clone(),
        })
    };
    let app = telemetry.start(Box::pin(start)).await?;
    let entry = Entry { span: "read_image_status", trigger: Trigger::Http };
    telemetry
        .run(entry, async |event| Ok::<_, lambda_runtime::Error>(handler::handle(&app, event).await))
        .await
}
