//! Settings of the repository's own template.

use super::*;

pub(crate) fn files() -> Files<'static> {
    Files {
        template: include_str!("../../../../template.yaml"),
        alarms: include_str!("../../../../alarms/pipeline.json"),
        math_alarms: include_str!("../../../../alarms/slo.json"),
    }
}

pub(crate) fn settings(parameters: &[(&str, &str)]) -> Settings {
    let parameters = parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Settings::read(files(), &parameters).unwrap()
}

#[test]
fn settings_are_the_templates_defaults_unless_given() {
    let defaults = settings(&[]);
    assert_eq!((defaults.memory_mb, defaults.batch_size, defaults.max_concurrency), (1769.0, 5, 5));
    assert_eq!(
        (defaults.schedule_minutes, defaults.sampled, defaults.sides.as_slice()),
        (5.0, 1.0, &[256][..])
    );
    assert_eq!((defaults.url_memory_mb, defaults.mails, defaults.dashboards), (256.0, false, 3));
    let other = settings(&[
        ("ThumbnailSides", "256,1024"),
        ("MetricsSchedule", "rate(1 hour)"),
        ("TracesSampler", "traceidratio"),
        ("TracesSamplerArg", "0.01"),
        ("NotificationEmail", "a@example.com"),
        ("StatusApi", "enabled"),
    ]);
    assert_eq!(
        (other.sides.as_slice(), other.schedule_minutes, other.sampled),
        (&[256, 1024][..], 60.0, 0.01)
    );
    assert!(other.mails && other.dashboards == 4);
}

#[test]
fn alarms_are_paid_by_the_metrics_that_they_look_at() {
    // 10 of one metric; of math: 2 + 5 + 1 + 2 + 2, and 12 of the promises with 2 each.
    assert_eq!(settings(&[]).alarms, Alarms { metrics: 10 + 12 + 24, composite: 2 });
    assert_eq!(settings(&[("MathAlarms", "disabled")]).alarms, Alarms { metrics: 10, composite: 0 });
}

#[test]
fn what_is_no_parameter_or_no_number_is_an_error() {
    let read = |name: &str, value: &str| {
        Settings::read(files(), &[(name.to_owned(), value.to_owned())].into()).unwrap_err().to_string()
    };
    assert_eq!(read("Nonsense", "1"), "the template has no parameter Nonsense");
    assert!(read("ProcessorMemoryMb", "much").contains("ProcessorMemoryMb is much"));
    assert!(read("MetricsSchedule", "daily").contains("rate(5 minutes)"));
}
