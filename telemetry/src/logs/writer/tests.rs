use super::{
    Haste::{AtOnce, CanWait},
    *,
};

/// Remembers each write.
#[derive(Default)]
struct Writes(Vec<String>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn sink() -> (Sink, Arc<Mutex<Writes>>) {
    let writes = Arc::<Mutex<Writes>>::default();
    (Sink::new(Arc::clone(&writes) as _), writes)
}

fn tell(sink: &Sink, haste: Haste, text: &str) {
    sink.line(haste, |out| out.extend_from_slice(text.as_bytes()));
}

#[test]
fn lines_told_together_are_one_write_and_those_of_another_sink_are_not_among_them() {
    let ((sink, writes), (other, others)) = (sink(), sink());

    sink.together(|| {
        tell(&sink, CanWait, "1");
        tell(&other, CanWait, "other");
        sink.together(|| tell(&sink, CanWait, "2"));
    });
    tell(&sink, CanWait, "3");

    assert_eq!(writes.lock().unwrap().0, ["1\n2\n", "3\n"]);
    assert_eq!(others.lock().unwrap().0, ["other\n"]);
}

#[test]
fn a_panic_between_lines_told_together_keeps_them() {
    let (sink, writes) = sink();

    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        sink.together(|| {
            tell(&sink, CanWait, "1");
            panic!("between");
        });
    }));
    tell(&sink, CanWait, "2");

    assert!(panicked.is_err());
    assert_eq!(writes.lock().unwrap().0, ["1\n", "2\n"]);
}

#[test]
fn held_lines_are_one_write_when_they_are_released() {
    let (sink, writes) = sink();

    sink.hold();
    tell(&sink, CanWait, "1");
    sink.together(|| tell(&sink, CanWait, "2"));
    assert_eq!(writes.lock().unwrap().0, [""; 0]);
    sink.release();
    tell(&sink, CanWait, "3");

    assert_eq!(writes.lock().unwrap().0, ["1\n2\n", "3\n"]);
}

#[test]
fn a_line_in_haste_takes_those_before_it_along_and_later_ones_wait_again() {
    let (sink, writes) = sink();

    sink.hold();
    tell(&sink, CanWait, "1");
    sink.together(|| tell(&sink, AtOnce, "2"));
    tell(&sink, CanWait, "3");
    assert_eq!(writes.lock().unwrap().0, ["1\n2\n"]);
    sink.release();

    assert_eq!(writes.lock().unwrap().0, ["1\n2\n", "3\n"]);
}

#[test]
fn more_than_64_kib_are_not_held() {
    let (sink, writes) = sink();

    sink.hold();
    tell(&sink, CanWait, &"x".repeat(MOST_HELD));

    assert_eq!(writes.lock().unwrap().0.len(), 1);
}

#[test]
fn lines_told_later_keep_their_place_among_held_ones() {
    let (sink, writes) = sink();
    let later = |text: &'static str| sink.later(1, |out| out.extend_from_slice(text.as_bytes()));

    later("0\n");
    sink.hold();
    tell(&sink, CanWait, "1");
    later("2\n3\n");
    tell(&sink, CanWait, "4");
    sink.settle();
    later("5\n");
    sink.release();

    assert_eq!(writes.lock().unwrap().0, ["0\n", "1\n2\n3\n4\n5\n"]);
}

#[test]
fn lines_told_later_do_not_wait_when_they_are_many() {
    let (sink, writes) = sink();

    sink.hold();
    for _ in 0..3 {
        sink.later(MOST_HELD / 2, |out| out.extend_from_slice(b"x\n"));
    }

    assert_eq!(writes.lock().unwrap().0, ["x\nx\nx\n"]);
}
