//! Wiring only.

use s3_metrics_lambda::{
    config::Config,
    handler::{self, App},
    store::AwsBuckets,
};
use telemetry::{Entry, Telemetry, Trigger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = Telemetry::init(env!("CARGO_PKG_NAME"))?;
    let start = async {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let config = Config::read(|name| std::env::var(name).ok())?;
        Ok::<_, lambda_runtime::Error>(App {
            config,
            store: AwsBuckets::load().await,
            telemetry: telemetry.clone(),
        })
    };
    let app = telemetry.start(Box::pin(start)).await?;
    let entry = Entry { span: "report_bucket_totals", trigger: Trigger::Timer };
    telemetry.run(entry, async |event| handler::handle(&app, event).await).await
}
