//! The test function of the benches, with the telemetry that its libraries' own documents show.
//!
//! Spans by lambda_runtime's OpenTelemetryLayer, tracing-opentelemetry and opentelemetry-otlp with its default batch
//! processor, logs by tracing-subscriber's JSON, metrics by metrics_cloudwatch_embedded. What it does between is the
//! work of `../src/bin/test-function/function.rs`.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, Runtime, layers::OpenTelemetryLayer, service_fn};
use metrics_cloudwatch_embedded::{Collector, lambda::MetricsLayer};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use serde::{Deserialize, Serialize};
use tracing::{Instrument, info, info_span};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

#[cfg(feature = "count")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

#[derive(Debug, Deserialize)]
struct Order {
    image_id: String,
    key: String,
}

#[derive(Debug, Serialize)]
struct Done {
    image_id: String,
    allocations: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().build()?;
    let tracers = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name("usual-function").build())
        .build();
    tracing_subscriber::registry()
        .with(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with(tracing_opentelemetry::layer().with_tracer(tracers.tracer("usual-function")))
        .with(tracing_subscriber::fmt::layer().json().flatten_event(true))
        .init();
    let metrics = metrics_cloudwatch_embedded::Builder::new()
        .cloudwatch_namespace("ImagePipeline")
        .with_dimension("service", "usual-function")
        .lambda_cold_start_metric("ColdStarts")
        .with_lambda_request_id("requestId")
        .init()?;
    let flush = move || {
        if let Err(error) = tracers.force_flush() {
            tracing::warn!(%error, "Spans were lost");
        }
    };
    let service = service_fn(move |event| handle(event, metrics));
    Runtime::new(service).layer(MetricsLayer::new(metrics)).layer(OpenTelemetryLayer::new(flush)).run().await
}

async fn handle(event: LambdaEvent<Order>, metrics: &'static Collector) -> Result<Done, Error> {
    let Order { image_id, key } = event.payload;
    work(&image_id, &key).await;
    info!(image_id, "Image processed");
    metrics.set_property("image_id", image_id.clone());
    metrics::counter!("ImagesProcessed").increment(1);
    metrics::histogram!("ProcessingLatency").record(Duration::from_micros(65_432).as_secs_f64() * 1e3);
    metrics::histogram!("UploadToDoneLatency").record(Duration::from_micros(765_432).as_secs_f64() * 1e3);
    metrics::histogram!("OriginalBytes").record(1_234_567.0);
    metrics::histogram!("ThumbnailBytes").record(12_345.0);
    #[cfg(feature = "count")]
    let allocations = ALLOCATOR.stats().allocations;
    #[cfg(not(feature = "count"))]
    let allocations = 0;
    Ok(Done { image_id, allocations })
}

async fn work(image_id: &str, key: &str) {
    async {
        for _ in 0..4 {
            let step = info_span!("step", image_id, key, bytes = 1_234_567_i64);
            async {
                let call = info_span!("S3.GetObject", otel.kind = "client", aws.s3.key = key, attempt = 1);
                async {}.instrument(call).await;
            }
            .instrument(step)
            .await;
        }
    }
    .instrument(info_span!("process_image", otel.kind = "consumer", image.id = image_id, aws.s3.key = key))
    .await;
}
