//! `docs/scale.md`: what it says of three loads is what the plan says.
//!
//! `UPDATE=1 cargo test -p plan --test scale` writes the tables anew.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use plan::bill::{Bill, bill};
use plan::data::{MEASURED, PRICES};
use plan::limits::{LISTING, Limit, limits};
use plan::report::{grouped, simulated};
use plan::simulation::Outcome;
use plan::template::Files;
use plan::work::Work;
use plan::{Load, Settings};

const BEGIN: &str = "<!-- plan: begin -->";
const END: &str = "<!-- plan: end -->";

/// What `ops plan` reports, as far as the page has it.
struct Report {
    limits: Vec<Limit>,
    simulation: Outcome,
    bill: Bill,
}

/// A load, and what carries it.
struct Scale {
    uploads_per_second: f64,
    /// Stacks that share it, each in an account of its own.
    stacks: f64,
    prefixes: f64,
    parameters: &'static [(&'static str, &'static str)],
}

const SCALES: [Scale; 3] = [
    Scale {
        uploads_per_second: 10.0,
        stacks: 1.0,
        prefixes: 1.0,
        parameters: &[("MetricsTimeoutSeconds", "900"), ("MetricsSchedule", "rate(1 hour)")],
    },
    Scale {
        uploads_per_second: 1_000.0,
        stacks: 1.0,
        prefixes: 4.0,
        parameters: &[
            ("ProcessorMaxConcurrency", "150"),
            ("ProcessorBatchSize", "10"),
            ("ApiThrottleRate", "2000"),
            ("ApiThrottleBurst", "4000"),
            ("TracesSampler", "traceidratio"),
            ("TracesSamplerArg", "0.01"),
            ("LogRetentionDays", "7"),
            ("MetricsSchedule", "rate(1 hour)"),
        ],
    },
    Scale {
        uploads_per_second: 100_000.0,
        stacks: 40.0,
        prefixes: 4.0,
        parameters: &[
            ("ProcessorMaxConcurrency", "350"),
            ("ProcessorBatchSize", "10"),
            ("ApiThrottleRate", "5000"),
            ("ApiThrottleBurst", "10000"),
            ("TracesSampler", "traceidratio"),
            ("TracesSamplerArg", "0.001"),
            ("LogRetentionDays", "1"),
            ("MetricsSchedule", "rate(1 hour)"),
        ],
    },
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

fn report(load: &Load, parameters: &[(&str, &str)]) -> Report {
    let [template, alarms, math_alarms] =
        ["template.yaml", "alarms/pipeline.json", "alarms/slo.json"].map(text);
    let files = Files { template: &template, alarms: &alarms, math_alarms: &math_alarms };
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let settings = Settings::read(files, &parameters.collect()).unwrap();
    let assumed = &MEASURED.assumed;
    let work = Work::of(&settings, load, assumed);
    let simulation = simulated(&settings, load, &work, assumed);
    Report {
        limits: limits(&settings, load, &work, assumed),
        bill: bill(&settings, load, &simulation, assumed),
        simulation,
    }
}

/// The report of one of a scale's stacks.
fn of_stack(scale: &Scale) -> Report {
    let load = Load {
        uploads_per_second: scale.uploads_per_second / scale.stacks,
        prefixes: scale.prefixes,
        ..Load::default()
    };
    report(&load, scale.parameters)
}

fn beyond(limits: &[Limit]) -> Vec<&Limit> {
    limits.iter().filter(|limit| limit.share > 1.0).collect()
}

fn row(out: &mut String, first: &str, cells: impl IntoIterator<Item = String>) {
    write!(out, "| {first} |").unwrap();
    for cell in cells {
        write!(out, " {cell} |").unwrap();
    }
    out.push('\n');
}

/// Of 30 days, as the bill has it.
const HOURS_OF_A_MONTH: f64 = 720.0;

/// How long a listing of the buckets ends in time, on a stack that shares the uploads with the others.
fn listing_rows(out: &mut String) {
    for (name, parameters) in [
        ("listing lasts, in hours", &[][..]),
        ("with `MetricsTimeoutSeconds=900`", &[("MetricsTimeoutSeconds", "900")]),
    ] {
        let hours = SCALES.iter().map(|scale| {
            let rate = scale.uploads_per_second / scale.stacks;
            let load = Load { uploads_per_second: rate, simulated: 100, ..Load::default() };
            let limits = report(&load, parameters).limits;
            let listing = limits.iter().find(|limit| limit.what == LISTING).unwrap();
            format!("{:.2}", load.months * HOURS_OF_A_MONTH / listing.share)
        });
        row(out, name, hours);
    }
}

fn tables() -> String {
    let mut out = String::new();
    let reports: Vec<Report> = SCALES.iter().map(of_stack).collect();
    let head = |out: &mut String, first: &str| {
        row(out, first, SCALES.iter().map(|scale| format!("{} a second", grouped(scale.uploads_per_second))));
        out.push_str("|---|---|---|---|\n");
    };
    out.push_str("The template as it is, after a month, how much of each limit the load takes; what is beyond is bold:\n\n");
    let plain: Vec<Report> = SCALES
        .iter()
        .map(|scale| report(&Load { uploads_per_second: scale.uploads_per_second, ..Load::default() }, &[]))
        .collect();
    head(&mut out, "limit");
    let order: Vec<&str> = plain.first().unwrap().limits.iter().map(|limit| limit.what).collect();
    for what in order {
        let cell = |report: &Report| {
            let share = report.limits.iter().find(|limit| limit.what == what).unwrap().share * 100.0;
            if share > 100.0 { format!("**{} %**", grouped(share)) } else { format!("{} %", grouped(share)) }
        };
        row(&mut out, what, plain.iter().map(cell));
    }
    out.push_str("\nWhat carries it, and what comes of it:\n\n");
    head(&mut out, "");
    row(&mut out, "stacks, each in an account of its own", SCALES.iter().map(|scale| grouped(scale.stacks)));
    let parameters = |scale: &Scale| {
        scale
            .parameters
            .iter()
            .map(|(name, value)| format!("`{name}={value}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    row(&mut out, "parameters of each", SCALES.iter().map(parameters));
    row(
        &mut out,
        "partitions of originals (S3 makes them)",
        SCALES.iter().map(|scale| grouped(scale.prefixes)),
    );
    let first = |report: &Report| {
        let first = report.limits.iter().find(|limit| limit.what != LISTING).unwrap();
        format!("{}, {:.0} %", first.what, first.share * 100.0)
    };
    row(&mut out, "first limit of a stack", reports.iter().map(first));
    listing_rows(&mut out);
    row(&mut out, "then totals of the buckets", SCALES.iter().map(|_| "S3's daily metrics".to_owned()));
    row(
        &mut out,
        "messages of an invocation",
        reports.iter().map(|report| format!("{:.1}", report.simulation.mean_batch)),
    );
    for (name, of) in [("p50", 0), ("p99", 1)] {
        let times = reports.iter().map(|report| {
            let whole = report.simulation.whole;
            format!("{:.0} ms", if of == 0 { whole.p50_ms } else { whole.p99_ms })
        });
        row(&mut out, &format!("upload to DONE, {name}"), times);
    }
    out.push_str("\nDollars of the first month, all stacks:\n\n");
    head(&mut out, "service");
    let services =
        ["API Gateway", "Lambda", "S3", "SQS", "DynamoDB", "SNS", "CloudWatch", "CloudWatch Logs", "X-Ray"];
    let all = |of: &dyn Fn(&Report) -> f64| {
        let each =
            reports.iter().zip(&SCALES).map(|(report, scale)| format!("{:.0}", of(report) * scale.stacks));
        each.map(|usd| grouped(usd.parse().unwrap())).collect::<Vec<_>>()
    };
    for service in services {
        row(&mut out, service, all(&|report| report.bill.of_service(service)));
    }
    row(&mut out, "all", all(&|report| report.bill.usd));
    let million = reports.iter().map(|report| format!("{:.2}", report.bill.usd_per_million));
    row(&mut out, "for a million uploads", million);
    out.push_str("\nDollars of the first month for what is told about uploads, by how much is told:\n\n");
    head(&mut out, "");
    for (name, parameters, service) in [
        ("every upload traced", &[("TracesSampler", "always_on")][..], "X-Ray"),
        ("one of a hundred", &[("TracesSampler", "traceidratio"), ("TracesSamplerArg", "0.01")][..], "X-Ray"),
        (
            "one of ten thousand",
            &[("TracesSampler", "traceidratio"), ("TracesSamplerArg", "0.0001")][..],
            "X-Ray",
        ),
        ("logs, kept for 30 days", &[("LogRetentionDays", "30")][..], "CloudWatch Logs"),
        ("logs, kept for a day", &[("LogRetentionDays", "1")][..], "CloudWatch Logs"),
    ] {
        let usd = SCALES.iter().map(|scale| {
            let load =
                Load { uploads_per_second: scale.uploads_per_second, simulated: 100, ..Load::default() };
            grouped(report(&load, parameters).bill.of_service(service).round())
        });
        row(&mut out, name, usd);
    }
    out
}

#[test]
fn every_number_of_the_page_is_the_plans() {
    let page = text("docs/scale.md");
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for the tables");
    let (_, after) = rest.split_once(END).expect("the place ends");
    let written = format!("{before}{BEGIN}\n{}{END}{after}", tables());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(root().join("docs/scale.md"), &written).unwrap();
    } else {
        assert_eq!(page, written, "UPDATE=1 cargo test -p plan --test scale writes docs/scale.md anew");
    }
}

/// A cell of the row of costs in the comparison with the alternatives.
fn cost_cell(page: &str, column: usize) -> String {
    let page = text(page);
    let row = page.lines().find(|row| row.starts_with("| US dollars for a million")).unwrap();
    row.split(" | ").nth(column).unwrap().to_owned()
}

#[test]
fn what_a_million_costs_beside_the_alternatives_is_the_plans_and_reckoned_by_its_prices() {
    let bill = of_stack(&SCALES[0]).bill;
    let stored = bill.lines.iter().filter(|line| line.service == "S3" && line.what.contains("storage"));
    let stored = stored.map(|line| line.usd).sum::<f64>() / bill.usd * bill.usd_per_million;
    let requests = 2.0 * PRICES.s3_tier1.each() + PRICES.s3_tier2.each() + PRICES.lambda_request.each();
    let queued = requests + 3.0 * PRICES.sqs_request.each();
    let pillow = (50.0 - 16.0) / 1e3 * 1_769.0 / 1_024.0 * PRICES.lambda_arm64.each();
    for page in ["README.md", "docs/comparison.md"] {
        for (column, expected) in [
            (1, format!("{:.2}, and {stored:.2} to store", bill.usd_per_million - stored)),
            (4, format!("{:.2} and", requests * 1e6)),
            (5, format!("{:.2} and", queued * 1e6)),
            (6, format!("is {:.2} more than ours", pillow * 1e6)),
        ] {
            let cell = cost_cell(page, column);
            assert!(cell.contains(&expected), "{page}: {expected} is not in {cell}");
        }
    }
}

#[test]
fn what_carries_a_load_is_within_every_limit_but_the_one_that_is_given_up() {
    for scale in &SCALES {
        let report = of_stack(scale);
        let beyond: Vec<&str> = beyond(&report.limits).iter().map(|limit| limit.what).collect();
        assert_eq!(beyond, [LISTING], "{} a second", scale.uploads_per_second);
    }
}
