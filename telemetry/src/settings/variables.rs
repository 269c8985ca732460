//! Every variable of OpenTelemetry's specification, and whether it is supported.

/// A variable of the specification, or all that begin alike.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name; one that ends in `*` stands for every name with that prefix.
    pub name: &'static str,
    /// Whether it is supported.
    pub support: Support,
}

/// Whether a variable is supported.
#[derive(Clone, Copy, Debug)]
pub enum Support {
    /// It is followed, with these values or defaults.
    Honoured(&'static str),
    /// It is ignored with a warning.
    Refused {
        /// Why.
        reason: &'static str,
        /// The values without a warning, because they ask for what is done anyway.
        harmless: &'static [&'static str],
    },
}

impl Variable {
    /// Every variable of the specification.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        VARIABLES
    }

    /// The variable that `name` is, or whose prefix it has.
    pub(crate) fn of(name: &str) -> Option<&'static Self> {
        let has_prefix =
            |it: &&Self| it.name.strip_suffix('*').is_some_and(|prefix| name.starts_with(prefix));
        VARIABLES.iter().find(|it| it.name == name).or_else(|| VARIABLES.iter().find(has_prefix))
    }

    /// Whether it stands for all names with its prefix.
    pub(crate) fn is_prefix(&self) -> bool {
        self.name.ends_with('*')
    }
}

const fn honoured(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, support: Support::Honoured(meaning) }
}

const fn refused(name: &'static str, reason: &'static str) -> Variable {
    refused_but(name, reason, &[])
}

const fn refused_but(
    name: &'static str,
    reason: &'static str,
    harmless: &'static [&'static str],
) -> Variable {
    Variable { name, support: Support::Refused { reason, harmless } }
}

const METRICS: &str = "metrics are lines in CloudWatch's embedded metric format";
const LOGS: &str = "logs are JSON lines on stdout";
const TLS: &str = "the function has no certificate of its own; a header holds its key";
const GRPC: &str = "only http/protobuf is supported";
const GONE: &str = "the exporter does not exist here; use otlp";

/// The table that the README shows and that a test holds it to.
pub(crate) const VARIABLES: &[Variable] = &[
    honoured("OTEL_SDK_DISABLED", "`true`: no spans; logs and metrics stay"),
    honoured(
        "OTEL_SERVICE_NAME",
        "names traces; metrics keep the function's constant name, which alarms watch",
    ),
    honoured("OTEL_RESOURCE_ATTRIBUTES", "`key=value,…`, percent-encoded; all or nothing"),
    honoured(
        "OTEL_TRACES_SAMPLER",
        "`always_on`, `always_off`, `traceidratio`, each also with `parentbased_`",
    ),
    honoured("OTEL_TRACES_SAMPLER_ARG", "the ratio, 0 to 1"),
    honoured(
        "OTEL_TRACES_EXPORTER",
        "`otlp`, `none`; unset: `otlp` if an endpoint is set, else the X-Ray daemon",
    ),
    honoured(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "`http://host:port` or `https://host`, to which `/v1/traces` is appended",
    ),
    honoured("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "used unchanged; overrides the general one"),
    honoured("OTEL_EXPORTER_OTLP_HEADERS", "`key=value,…`, percent-encoded; secret, hence never logged"),
    honoured("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "overrides the general one"),
    honoured(
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "a file of PEM certificates that are trusted instead of the machine's",
    ),
    honoured("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "overrides the general one"),
    honoured(
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        "milliseconds for one request; the bound of a flush may be shorter",
    ),
    honoured("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "overrides the general one"),
    honoured("OTEL_EXPORTER_OTLP_PROTOCOL", "`http/protobuf`"),
    honoured("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "overrides the general one"),
    honoured("OTEL_EXPORTER_OTLP_COMPRESSION", "`none`: nothing is compressed"),
    honoured("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "overrides the general one"),
    honoured("OTEL_BSP_MAX_QUEUE_SIZE", "most spans held between two flushes, 8192 unless set"),
    honoured("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "most spans in one request, 512 unless set"),
    honoured("OTEL_BSP_EXPORT_TIMEOUT", "milliseconds for one request; the bound of a flush may be shorter"),
    honoured("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "characters; longer texts are cut"),
    honoured("OTEL_ATTRIBUTE_COUNT_LIMIT", "of spans, events and links, 128 unless set"),
    honoured("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "overrides the general one"),
    honoured("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "overrides the general one"),
    honoured("OTEL_SPAN_EVENT_COUNT_LIMIT", "128 unless set"),
    honoured("OTEL_SPAN_LINK_COUNT_LIMIT", "128 unless set"),
    honoured("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "overrides the general one"),
    honoured("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "overrides the general one"),
    refused_but(
        "OTEL_PROPAGATORS",
        "which headers are read, and in which order, is part of what a trace means here",
        &["tracecontext", "xray"],
    ),
    refused("OTEL_BSP_SCHEDULE_DELAY", "spans are sent after each response, without a timer"),
    refused("OTEL_LOG_LEVEL", "`RUST_LOG` filters logs"),
    refused("OTEL_CONFIG_FILE", "there is no file of configuration"),
    refused("OTEL_EXPERIMENTAL_CONFIG_FILE", "there is no file of configuration"),
    refused("OTEL_ENTITIES", "entities are no stable part of the specification"),
    refused("OTEL_SEMCONV_STABILITY_OPT_IN", "there is one version of the names"),
    refused("OTEL_EXPORTER_OTLP_CLIENT_KEY", TLS),
    refused("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", TLS),
    refused("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", TLS),
    refused("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", TLS),
    refused("OTEL_EXPORTER_OTLP_INSECURE", GRPC),
    refused("OTEL_EXPORTER_OTLP_TRACES_INSECURE", GRPC),
    refused("OTEL_EXPORTER_OTLP_SPAN_INSECURE", GRPC),
    refused("OTEL_EXPORTER_OTLP_METRIC_INSECURE", GRPC),
    refused_but("OTEL_METRICS_EXPORTER", METRICS, &["none"]),
    refused("OTEL_METRICS_EXEMPLAR_FILTER", METRICS),
    refused("OTEL_METRIC_EXPORT_*", METRICS),
    refused("OTEL_EXPORTER_OTLP_METRICS_*", METRICS),
    refused("OTEL_EXPORTER_PROMETHEUS_*", METRICS),
    refused_but("OTEL_LOGS_EXPORTER", LOGS, &["none"]),
    refused("OTEL_EXPORTER_OTLP_LOGS_*", LOGS),
    refused("OTEL_BLRP_*", LOGS),
    refused("OTEL_LOGRECORD_*", LOGS),
    refused("OTEL_EXPORTER_ZIPKIN_*", GONE),
    refused("OTEL_EXPORTER_JAEGER_*", GONE),
];

impl Support {
    /// The reason to ignore `value`, if there is one.
    pub(crate) fn reason_to_ignore(self, value: &str) -> Option<&'static str> {
        match self {
            Self::Refused { reason, harmless }
                if !value.split(',').all(|item| harmless.contains(&item.trim())) =>
            {
                Some(reason)
            }
            Self::Refused { .. } | Self::Honoured(_) => None,
        }
    }
}
