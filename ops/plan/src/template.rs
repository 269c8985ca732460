//! Settings of the pipeline, read from `template.yaml` and the templates nested in it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// What is missing in the template, or malformed.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// No such parameter.
    #[error("the template has no parameter {0}")]
    Parameter(String),
    /// A parameter's value is no number.
    #[error("{name} is {value}, which is no number above nothing")]
    Number {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// A schedule that is not understood.
    #[error("MetricsSchedule is {0}; write it as rate(5 minutes)")]
    Schedule(String),
    /// A nested template.
    #[error("{file} cannot be read")]
    Nested {
        /// Its name.
        file: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A function lacks its memory.
    #[error("the template's {0} has no MemorySize")]
    Memory(&'static str),
}

/// The files that settings are read from.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// `template.yaml`.
    pub template: &'a str,
    /// `alarms/pipeline.json`.
    pub alarms: &'a str,
    /// `alarms/slo.json`.
    pub math_alarms: &'a str,
}

/// Numbers of alarms, as they are paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Alarms {
    /// Metrics that alarms look at; one of metric math is paid for each.
    pub metrics: u32,
    /// Alarms over alarms.
    pub composite: u32,
}

/// What the template says of capacity and cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Of the processor.
    pub memory_mb: f64,
    /// Of the processor.
    pub timeout_seconds: f64,
    /// Messages of an invocation at most.
    pub batch_size: usize,
    /// Processors at once.
    pub max_concurrency: usize,
    /// How long a received message stays hidden.
    pub visibility_seconds: f64,
    /// How often a message is tried.
    pub max_receives: u32,
    /// Before the first retry.
    pub retry_base_seconds: f64,
    /// Requests a second of each route.
    pub api_rate: f64,
    /// From one measurement of the buckets to the next.
    pub schedule_minutes: f64,
    /// Of a measurement.
    pub metrics_timeout_seconds: f64,
    /// Of the function that measures.
    pub metrics_memory_mb: f64,
    /// Of the function that signs.
    pub url_memory_mb: f64,
    /// How long logs are kept.
    pub log_days: f64,
    /// The share of uploads that are traced.
    pub sampled: f64,
    /// Most pixels of an image.
    pub max_pixels: f64,
    /// Of memory, that an image may take while it is decoded, in MiB.
    pub max_decode_mb: f64,
    /// Of an upload, in MiB.
    pub max_upload_mb: f64,
    /// Sides of thumbnails.
    pub sides: Vec<u32>,
    /// Whether the API answers how an upload ended.
    pub status_api: bool,
    /// Of the function that answers it.
    pub status_memory_mb: f64,
    /// Whether a mail is sent for each image.
    pub mails: bool,
    /// Whether originals go to Standard-IA after 30 days, and to Glacier after 90.
    pub lifecycle: String,
    /// The same of thumbnails.
    pub processed_lifecycle: String,
    /// Days after which S3 deletes what is stored; 0 keeps it.
    pub expire_days: f64,
    /// Paid alarms.
    pub alarms: Alarms,
    /// Paid dashboards.
    pub dashboards: u32,
}

impl Settings {
    /// Reads the defaults of the template, but for `parameters`.
    ///
    /// # Errors
    ///
    /// When a parameter is missing, unknown, or no number.
    pub fn read(files: Files<'_>, parameters: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        for name in parameters.keys() {
            default_of(files.template, name).ok_or_else(|| TemplateError::Parameter(name.clone()))?;
        }
        let text = |name: &'static str| {
            let given = parameters.get(name).cloned();
            given
                .or_else(|| default_of(files.template, name))
                .ok_or_else(|| TemplateError::Parameter(name.to_owned()))
        };
        let number = |name: &'static str| {
            let value = text(name)?;
            let parsed = value.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
            parsed.ok_or(TemplateError::Number { name, value })
        };
        let kind = text("TracesSampler")?;
        let sampled = match kind.as_str() {
            "always_off" => 0.0,
            ratio if ratio.contains("traceidratio") => number("TracesSamplerArg")?,
            _ => 1.0,
        };
        let sides = text("ThumbnailSides")?;
        let sides: Vec<u32> = sides.split(',').filter_map(|side| side.trim().parse().ok()).collect();
        let with_math = text("MathAlarms")? == "enabled";
        let alarms = alarms(files.alarms, "alarms/pipeline.json")?;
        let math =
            if with_math { self::alarms(files.math_alarms, "alarms/slo.json")? } else { Alarms::default() };
        let with_status = text("StatusApi")? == "enabled";
        let dashboards = files.template.matches("TemplateURL: dashboards/").count();
        Ok(Self {
            architecture: text("Architecture")?,
            memory_mb: number("ProcessorMemoryMb")?,
            timeout_seconds: number("ProcessorTimeoutSeconds")?,
            batch_size: whole(number("ProcessorBatchSize")?),
            max_concurrency: whole(number("ProcessorMaxConcurrency")?),
            visibility_seconds: number("QueueVisibilityTimeoutSeconds")?,
            max_receives: u32::try_from(whole(number("MaxReceiveCount")?)).unwrap_or(u32::MAX),
            retry_base_seconds: number("RetryBaseSeconds")?,
            api_rate: number("ApiThrottleRate")?,
            schedule_minutes: minutes(&text("MetricsSchedule")?)?,
            metrics_timeout_seconds: number("MetricsTimeoutSeconds")?,
            metrics_memory_mb: memory(files.template, "S3MetricsFunction")?,
            url_memory_mb: memory(files.template, "GenerateUploadUrlFunction")?,
            status_api: with_status,
            status_memory_mb: memory(files.template, "ImageStatusFunction")?,
            log_days: number("LogRetentionDays")?,
            sampled,
            max_pixels: number("MaxPixels")?,
            max_decode_mb: number("MaxDecodeBytes")? / MIB,
            max_upload_mb: number("MaxUploadBytes")? / MIB,
            sides: if sides.is_empty() { vec![256] } else { sides },
            mails: !text("NotificationEmail")?.is_empty(),
            lifecycle: text("OriginalLifecycle")?,
            processed_lifecycle: text("ProcessedLifecycle")?,
            expire_days: number("ExpireObjectsAfterDays")?,
            alarms: Alarms {
                metrics: alarms.metrics + math.metrics,
                composite: alarms.composite + math.composite,
            },
            // One of them is only there with the API that it is about.
            dashboards: u32::try_from(dashboards).unwrap_or(0) - u32::from(!with_status),
        })
    }

    /// The processor's share of a core, at most one for a single thread's work.
    #[must_use]
    pub fn core_share(&self) -> f64 {
        (self.memory_mb / MEMORY_OF_A_CORE).min(1.0)
    }

    /// The next memory that has one more whole core, up to the six that there are.
    #[must_use]
    pub fn next_memory_mb(&self) -> Option<f64> {
        let cores = (self.memory_mb / MEMORY_OF_A_CORE).floor() + 1.0;
        Some(cores * MEMORY_OF_A_CORE).filter(|memory| *memory <= MOST_MEMORY)
    }

    /// How many images are decoded at once: one for each whole core, and at least one.
    #[must_use]
    pub fn decoders(&self) -> usize {
        whole((self.memory_mb / MEMORY_OF_A_CORE).floor()).max(1)
    }
}

/// From this on a function has a whole core.
const MEMORY_OF_A_CORE: f64 = 1769.0;
/// Bytes of a MiB, as Lambda counts memory.
const MIB: f64 = 1_048_576.0;
/// More no function can have.
const MOST_MEMORY: f64 = 10_240.0;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "settings are small and not negative"
)]
fn whole(number: f64) -> usize {
    number as usize
}

/// The default of a parameter.
fn default_of(template: &str, parameter: &str) -> Option<String> {
    let parameters = template.split_once("\nParameters:\n")?.1;
    let parameters =
        parameters.split_once("\nConditions:\n").map_or(parameters, |(parameters, _)| parameters);
    let (_, declared) = parameters.split_once(&format!("  {parameter}:\n"))?;
    let mut lines = declared.lines().take_while(|line| line.starts_with("    "));
    let value = lines.find_map(|line| line.trim().strip_prefix("Default:"))?;
    Some(value.trim().trim_matches(['\'', '"']).to_owned())
}

/// The memory of a function that has a fixed one.
fn memory(template: &str, function: &'static str) -> Result<f64, TemplateError> {
    let declared = template.split_once(&format!("\n  {function}:\n")).map(|(_, declared)| declared);
    let mut lines =
        declared.unwrap_or_default().lines().take_while(|line| line.is_empty() || line.starts_with("   "));
    let value = lines.find_map(|line| line.trim().strip_prefix("MemorySize:")?.trim().parse().ok());
    value.ok_or(TemplateError::Memory(function))
}

/// The minutes of `rate(5 minutes)`.
fn minutes(schedule: &str) -> Result<f64, TemplateError> {
    let mistake = || TemplateError::Schedule(schedule.to_owned());
    let inner = schedule.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(mistake)?;
    let (count, unit) = inner.split_once(' ').ok_or_else(mistake)?;
    let count: f64 = count.parse().map_err(|_| mistake())?;
    match unit.trim_end_matches('s') {
        "minute" => Ok(count),
        "hour" => Ok(60.0 * count),
        "day" => Ok(1440.0 * count),
        _ => Err(mistake()),
    }
}

/// Counts the alarms of a nested template.
fn alarms(text: &str, file: &'static str) -> Result<Alarms, TemplateError> {
    let document: Value =
        serde_json::from_str(text).map_err(|source| TemplateError::Nested { file, source })?;
    let resources = document.get("Resources").and_then(Value::as_object);
    let mut alarms = Alarms::default();
    for resource in resources.into_iter().flat_map(serde_json::Map::values) {
        match resource.get("Type").and_then(Value::as_str) {
            Some("AWS::CloudWatch::CompositeAlarm") => alarms.composite += 1,
            Some("AWS::CloudWatch::Alarm") => {
                let metrics = resource.pointer("/Properties/Metrics").and_then(Value::as_array);
                let count = metrics.map_or(1, |metrics| {
                    metrics.iter().filter(|metric| metric.get("MetricStat").is_some()).count()
                });
                alarms.metrics += u32::try_from(count).unwrap_or(u32::MAX);
            }
            _ => {}
        }
    }
    Ok(alarms)
}

#[cfg(test)]
pub(crate) mod tests;
