use super::*;

fn read(variables: &[(&str, &str)]) -> Settings {
    let lookup = |name: &str| Some(variables.iter().find(|(key, _)| *key == name)?.1.to_owned());
    Settings::read(lookup, variables.iter().map(|(name, _)| (*name).to_owned()))
}

fn collector(variables: &[(&str, &str)]) -> Collector {
    match read(variables).export {
        Export::Collector(collector) => collector,
        other => panic!("{other:?}"),
    }
}

/// The variables that are ignored.
fn refused(variables: &[(&str, &str)]) -> Vec<String> {
    read(variables).ignored.into_iter().map(|it| it.variable).collect()
}

#[test]
fn the_daemon_is_found_in_both_spellings() {
    let daemon = |value: &str| match read(&[("AWS_XRAY_DAEMON_ADDRESS", value)]).export {
        Export::Daemon(daemon) => daemon,
        other => panic!("{other:?}"),
    };

    assert_eq!(daemon("127.0.0.1:2001"), "127.0.0.1:2001".parse().ok());
    assert_eq!(daemon("tcp:127.0.0.1:1 udp:127.0.0.1:2"), "127.0.0.1:2".parse().ok());
    assert_eq!(daemon(""), "127.0.0.1:2000".parse().ok());
    assert_eq!(daemon("nonsense"), None);
    assert_eq!(refused(&[("AWS_XRAY_DAEMON_ADDRESS", "nonsense")]), ["AWS_XRAY_DAEMON_ADDRESS"]);
}

#[test]
fn only_the_general_endpoint_gets_the_path_and_the_own_one_goes_before_it() {
    let general = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/base/");
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://d/exact");

    assert_eq!(collector(&[general]).endpoint, "http://c:4318/base/v1/traces");
    let vendor = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp-gateway-prod-eu-west-2.grafana.net/otlp");
    assert_eq!(
        collector(&[vendor]).endpoint,
        "https://otlp-gateway-prod-eu-west-2.grafana.net/otlp/v1/traces"
    );
    assert_eq!(collector(&[general, own]).endpoint, "http://d/exact");
    assert_eq!(collector(&[("OTEL_TRACES_EXPORTER", "otlp")]).endpoint, "http://localhost:4318/v1/traces");
    assert_eq!(collector(&[general, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", " ")]).endpoint.host(), Some("c"));
}

#[test]
fn an_endpoint_of_another_protocol_is_refused_and_spans_go_to_the_daemon() {
    for value in ["https://", "grpc://c", "c:4318", "/v1/traces", "http://", "::", "http://c:99999"] {
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", value)];

        assert_eq!(refused(&variables), ["OTEL_EXPORTER_OTLP_ENDPOINT"], "{value}");
        assert!(matches!(read(&variables).export, Export::Daemon(Some(_))), "{value}");
    }
    let reason = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://c")]).ignored.remove(0).reason;
    assert!(reason.contains("only http and https are supported"), "{reason}");
}

#[test]
fn the_exporter_is_otlp_or_none_and_nothing_else() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c");

    assert!(matches!(read(&[("OTEL_TRACES_EXPORTER", "none"), endpoint]).export, Export::Disabled));
    assert!(matches!(read(&[("OTEL_TRACES_EXPORTER", "zipkin")]).export, Export::Daemon(_)));
    assert!(matches!(read(&[("OTEL_TRACES_EXPORTER", "console"), endpoint]).export, Export::Collector(_)));
    assert_eq!(refused(&[("OTEL_TRACES_EXPORTER", "zipkin,otlp")]), ["OTEL_TRACES_EXPORTER"]);
}

#[test]
fn headers_are_percent_decoded_and_never_shown() {
    let general = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20s3cret%3D, x-a = b ,");
    let own = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-c=d");

    let settings = read(&[general, ("OTEL_TRACES_EXPORTER", "otlp")]);
    assert!(!format!("{settings:?}").contains("s3cret"));
    let Export::Collector(read) = settings.export else { panic!() };
    assert_eq!(read.headers["authorization"], "Bearer s3cret=");
    assert_eq!(read.headers["x-a"], "b");
    let headers = collector(&[general, own, ("OTEL_TRACES_EXPORTER", "otlp")]).headers;
    assert_eq!((headers.len(), &headers["x-c"]), (1, &"d".parse().unwrap()));
}

#[test]
fn an_error_in_headers_is_reported_without_them() {
    for value in ["s3cret", "authorization:s3cret", "a=b,s3cret", "a b=s3cret", "a=s3cret%0A"] {
        let settings = read(&[("OTEL_EXPORTER_OTLP_HEADERS", value), ("OTEL_TRACES_EXPORTER", "otlp")]);

        assert_eq!(settings.ignored.len(), 1, "{value}");
        assert_eq!(settings.ignored[0].variable, "OTEL_EXPORTER_OTLP_HEADERS");
        assert!(!format!("{settings:?}").contains("s3cret"), "{value}");
    }
}

#[test]
fn every_vendor_of_the_deployment_notes_has_an_endpoint_and_headers_that_are_followed() {
    let (_, section) =
        include_str!("../../../docs/deploying.md").split_once("## Traces to a vendor").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| ["))
        .map(|line| line.split(" | ").collect())
        .collect();
    assert_eq!(rows.len(), 2);
    for row in rows {
        let headers = &code(row[2])[0];
        for endpoint in code(row[1]) {
            let variables =
                [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("OTEL_EXPORTER_OTLP_HEADERS", &**headers)];
            assert_eq!(refused(&variables), [""; 0], "{endpoint}");
            assert_eq!(collector(&variables).headers.len(), 1, "{headers}");
        }
    }
}

#[test]
fn certificates_of_the_signal_go_before_the_general_ones() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c");
    let general = ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/opt/general.pem");
    let own = ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/opt/traces.pem");

    assert_eq!(collector(&[endpoint]).authorities, None, "the machine's");
    assert_eq!(collector(&[endpoint, general]).authorities, Some("/opt/general.pem".into()));
    assert_eq!(collector(&[endpoint, general, own]).authorities, Some("/opt/traces.pem".into()));
    assert_eq!(refused(&[endpoint, general, own]), [""; 0]);
}

#[test]
fn protocol_and_compression_are_what_they_are() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c");
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd"),
    ] {
        assert_eq!(refused(&[endpoint, (name, value)]), [name], "{value}");
    }
    let agreed = [
        endpoint,
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
    ];
    assert_eq!(refused(&agreed), [""; 0], "the signal's own goes before");
}

#[test]
fn the_shortest_timeout_holds_and_0_is_none() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c");
    let [general, own] = ["OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"];
    let timeout = |more: &[(&str, &str)]| collector(&[&[endpoint], more].concat()).timeout;

    assert_eq!(timeout(&[]), None);
    assert_eq!(timeout(&[(general, "70")]), Some(Duration::from_millis(70)));
    assert_eq!(timeout(&[(general, "70"), (own, "90")]), Some(Duration::from_millis(90)));
    assert_eq!(timeout(&[(own, "90"), ("OTEL_BSP_EXPORT_TIMEOUT", "80")]), Some(Duration::from_millis(80)));
    assert_eq!(timeout(&[(general, "0")]), None);
    assert_eq!(refused(&[endpoint, (general, "-1")]), [general]);
}

#[test]
fn resource_attributes_hold_all_or_none() {
    let name = "OTEL_RESOURCE_ATTRIBUTES";

    let good = read(&[(name, "deployment.environment.name=pro%64, a=b%2Cc")]).resource_attributes;
    assert_eq!(good, [("deployment.environment.name".into(), "prod".into()), ("a".into(), "b,c".into())]);
    for value in ["a=b,c", "=b", "a=%FF"] {
        assert_eq!(read(&[(name, value)]).resource_attributes, [], "{value}");
        assert_eq!(refused(&[(name, value)]), [name], "{value}");
    }
}

#[test]
fn limits_fall_back_to_the_general_one() {
    let general = ("OTEL_ATTRIBUTE_COUNT_LIMIT", "7");
    let limits = read(&[general, ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "9")]).limits;

    assert_eq!((limits.max_attributes_per_span, limits.max_attributes_per_link), (9, 7));
    assert_eq!((limits.max_attributes_per_event, limits.max_events_per_span), (7, 128));
    let limits = read(&[("OTEL_SPAN_EVENT_COUNT_LIMIT", "0"), ("OTEL_SPAN_LINK_COUNT_LIMIT", "3")]).limits;
    assert_eq!((limits.max_events_per_span, limits.max_links_per_span), (0, 3));
    let lengths =
        [("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "5"), ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "6")];
    assert_eq!(read(&lengths).value_length, Some(6));
    assert_eq!(read(&lengths[..1]).value_length, Some(5));
}

#[test]
fn queue_and_batch_have_room_for_one_at_least() {
    let [queue, batch] = ["OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"];

    let settings = read(&[(queue, "20"), (batch, "10")]);
    assert_eq!((settings.queue, settings.batch), (20, 10));
    let settings = read(&[(queue, "0"), (batch, "many")]);
    assert_eq!((settings.queue, settings.batch), (DEFAULT_QUEUE, DEFAULT_BATCH));
    assert_eq!(settings.ignored.len(), 2);
}

#[test]
fn an_invalid_sampler_or_ratio_is_reported_under_its_own_name() {
    let [sampler, argument] = ["OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"];

    assert_eq!(refused(&[(sampler, "xray")]), [sampler]);
    assert_eq!(refused(&[(sampler, "jaeger_remote"), (argument, "x")]), [sampler]);
    assert_eq!(refused(&[(sampler, "traceidratio"), (argument, "2")]), [argument]);
    assert_eq!(refused(&[(sampler, "parentbased_traceidratio"), (argument, "0.1")]), [""; 0]);
}

#[test]
fn the_sdk_is_disabled_by_true_alone() {
    assert!(read(&[("OTEL_SDK_DISABLED", "TRUE")]).disabled);
    assert!(!read(&[("OTEL_SDK_DISABLED", "false")]).disabled);
    assert!(!read(&[("OTEL_SDK_DISABLED", "1")]).disabled);
    assert_eq!(refused(&[("OTEL_SDK_DISABLED", "1")]), ["OTEL_SDK_DISABLED"]);
}

#[test]
fn every_refused_variable_is_reported_once_unless_it_asks_for_what_is_done_anyway() {
    for variable in Variable::all() {
        let Support::Refused { harmless, .. } = variable.support else { continue };
        let name = &variable.name.replace('*', "ANY");
        assert_eq!(refused(&[(name, "anything")]), [name.as_str()]);
        assert_eq!(refused(&[(name, "")]), [""; 0]);
        if !harmless.is_empty() {
            assert_eq!(refused(&[(name, &harmless.join(", "))]), [""; 0]);
        }
    }
    assert_eq!(refused(&[("OTEL_EXPORTER_OTLP_ENDPIONT", "x")]), ["OTEL_EXPORTER_OTLP_ENDPIONT"]);
    assert_eq!(refused(&[("OTHER", "x")]), [""; 0]);
}

#[test]
fn variables_of_signals_and_exporters_that_are_not_here_are_refused_by_prefix() {
    for (name, reason) in [
        ("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "use otlp"),
        ("OTEL_EXPORTER_ZIPKIN_OF_A_LATER_EDITION", "use otlp"),
        ("OTEL_EXPORTER_JAEGER_AGENT_PORT", "use otlp"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", "embedded metric format"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "embedded metric format"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "JSON lines"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "JSON lines"),
        ("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "JSON lines"),
    ] {
        let ignored = read(&[(name, "x")]).ignored;
        assert_eq!(ignored.len(), 1, "{name}");
        assert!(ignored[0].variable == name && ignored[0].reason.contains(reason), "{ignored:?}");
    }
    assert_eq!(
        read(&[("OTEL_EXPORTER_ZIPKINS", "x")]).ignored[0].reason,
        "it is no variable of OpenTelemetry that is known here"
    );
}
