use super::*;
use crate::span::tests::span;

/// An upload whose user took seven seconds to send the file.
fn upload() -> Trace {
    let mut issue = span("issue_upload_url", "", 0, 3_100);
    issue.service = "generate-upload-url".to_owned();
    let at = 7_200_000;
    let mut spans = vec![issue, span("process_image", "issue_upload_url", at, 96_000)];
    let steps = [
        ("claim", 0, 9_000),
        ("download", 9_000, 11_000),
        ("decode", 20_000, 38_000),
        ("resize", 58_000, 4_000),
        ("encode", 62_000, 2_500),
        ("upload", 64_500, 12_000),
        ("persist", 76_500, 9_500),
        ("notify", 86_000, 10_000),
    ];
    spans.extend(steps.map(|(name, after, took)| span(name, "process_image", at + after, took)));
    spans[0].attributes.insert("image.id".to_owned(), "0190-cat".into());
    Trace::of(spans).unwrap()
}

fn plain(width: usize) -> Style {
    Style { width, unicode: true, color: false }
}

fn check(drawn: &str, golden: &str) {
    assert_eq!(drawn.trim_end(), golden.trim(), "\n{drawn}");
}

#[test]
fn a_whole_upload_is_drawn_to_scale_without_the_users_idle_time() {
    check(&render(&upload(), plain(100)), include_str!("golden/upload.txt"));
}

#[test]
fn plain_ascii_serves_terminals_without_unicode() {
    let drawn = render(&upload(), Style { unicode: false, ..plain(80) });
    assert!(drawn.is_ascii(), "{drawn}");
    check(&drawn, include_str!("golden/ascii.txt"));
}

#[test]
fn a_failed_span_is_marked_and_shows_its_message() {
    let mut spans = upload().spans;
    for failed in spans.iter_mut().filter(|span| span.name == "process_image" || span.name == "persist") {
        failed.status = Status::Error;
    }
    spans.iter_mut().find(|span| span.name == "persist").unwrap().message =
        "the item could not be written: ThrottlingException (dynamodb PutItem)".to_owned();
    spans.retain(|span| span.name != "notify");
    check(&render(&Trace::of(spans).unwrap(), plain(90)), include_str!("golden/failed.txt"));
}

#[test]
fn a_narrow_terminal_keeps_names_and_bars() {
    let drawn = render(&upload(), plain(48));
    check(&drawn, include_str!("golden/narrow.txt"));
    assert!(drawn.lines().skip(1).take(10).all(|line| line.chars().count() <= 48), "{drawn}");
}

#[test]
fn colours_change_nothing_but_colours() {
    let coloured = render(&upload(), Style { color: true, ..plain(100) });
    assert!(coloured.contains("\u{1b}[36m"));
    let mut bare = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    bare.push_str(rest);
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&bare), trimmed(&render(&upload(), plain(100))));
}

#[test]
fn idle_time_shorter_than_the_work_stays_to_scale() {
    let trace = Trace::of(vec![span("a", "", 0, 1000), span("b", "", 2000, 1000)]).unwrap();
    let drawn = render(&trace, plain(60));
    assert!(!drawn.contains("cut out"), "{drawn}");
    assert_eq!(Axis::new(&trace.spans, 30, 2).cells(&trace.spans[1]).from, 20);
}

#[test]
fn a_span_of_no_length_still_has_its_mark() {
    let trace = Trace::of(vec![span("a", "", 5, 0)]).unwrap();
    let drawn = render(&trace, plain(60));
    assert!(drawn.contains("0 µs   ▏"), "{drawn}");
}

#[test]
fn hostile_names_cannot_steer_the_terminal() {
    let mut hostile = span("a", "", 0, 10);
    hostile.name = "\u{1b}[2Jgone\n\u{202e}".to_owned();
    hostile.status = Status::Error;
    hostile.message = "\u{7}bell".to_owned();
    let drawn = render(&Trace::of(vec![hostile]).unwrap(), plain(80));
    assert!(drawn.chars().all(|c| c == '\n' || !c.is_control()), "{drawn:?}");
    assert_eq!(drawn.lines().count(), 3, "{drawn}");
}

#[test]
fn every_span_is_drawn_inside_the_axis_whatever_its_times() {
    let times = [(0, 1), (0, u64::MAX), (u64::MAX, 5), (1 << 40, 3), (7, 0)];
    let spans = times.iter().enumerate().map(|(i, (start, took))| span(&format!("s{i}"), "", *start, *took));
    let trace = Trace::of(spans.collect()).unwrap();
    for width in [0, 1, 30, 200] {
        let axis = Axis::new(&trace.spans, width.max(1), 2);
        for span in &trace.spans {
            let cells = axis.cells(span);
            assert!(cells.length >= 1 && cells.from + cells.length <= width.max(1), "{cells:?}");
        }
        assert_eq!(render(&trace, plain(width)).lines().count(), 6);
    }
}

#[test]
fn durations_have_the_unit_that_fits() {
    let written = [850, 3_140, 98_700, 1_840_000, 125_000_000, 3_720_000_000].map(|us| duration(us, true));
    assert_eq!(written, ["850 µs", "3.1 ms", "98 ms", "1.8 s", "2 m 05 s", "1 h 02 m"]);
}
