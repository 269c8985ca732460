use super::{
    FlushPolicy::{Deferred, Immediate},
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

fn writer() -> (Writer, Arc<Mutex<Writes>>) {
    let output = Arc::<Mutex<Writes>>::default();
    (Writer::new(Arc::clone(&output) as _), output)
}

fn write(writer: &Writer, policy: FlushPolicy, text: &str) {
    writer.write_line(policy, |out| out.extend_from_slice(text.as_bytes()));
}

#[test]
fn lines_of_a_batch_are_one_write_and_those_of_another_writer_are_not_among_them() {
    let ((writer, output), (other, other_output)) = (writer(), writer());

    writer.batch(|| {
        write(&writer, Deferred, "1");
        write(&other, Deferred, "other");
        writer.batch(|| write(&writer, Deferred, "2"));
    });
    write(&writer, Deferred, "3");

    assert_eq!(output.lock().unwrap().0, ["1\n2\n", "3\n"]);
    assert_eq!(other_output.lock().unwrap().0, ["other\n"]);
}

#[test]
fn a_panic_in_a_batch_keeps_its_lines() {
    let (writer, output) = writer();

    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        writer.batch(|| {
            write(&writer, Deferred, "1");
            panic!("between");
        });
    }));
    write(&writer, Deferred, "2");

    assert!(panicked.is_err());
    assert_eq!(output.lock().unwrap().0, ["1\n", "2\n"]);
}

#[test]
fn buffered_lines_are_one_write_at_the_flush() {
    let (writer, output) = writer();

    writer.start_buffering();
    write(&writer, Deferred, "1");
    writer.batch(|| write(&writer, Deferred, "2"));
    assert_eq!(output.lock().unwrap().0, [""; 0]);
    writer.flush();
    write(&writer, Deferred, "3");

    assert_eq!(output.lock().unwrap().0, ["1\n2\n", "3\n"]);
}

#[test]
fn an_immediate_line_flushes_those_before_it_and_later_ones_wait_again() {
    let (writer, output) = writer();

    writer.start_buffering();
    write(&writer, Deferred, "1");
    writer.batch(|| write(&writer, Immediate, "2"));
    write(&writer, Deferred, "3");
    assert_eq!(output.lock().unwrap().0, ["1\n2\n"]);
    writer.flush();

    assert_eq!(output.lock().unwrap().0, ["1\n2\n", "3\n"]);
}

#[test]
fn more_than_64_kib_are_not_buffered() {
    let (writer, output) = writer();

    writer.start_buffering();
    write(&writer, Deferred, &"x".repeat(MAX_BUFFERED_BYTES));

    assert_eq!(output.lock().unwrap().0.len(), 1);
}

#[test]
fn deferred_lines_keep_their_order_among_buffered_ones() {
    let (writer, output) = writer();
    let deferred =
        |text: &'static str| writer.write_deferred(1, |out| out.extend_from_slice(text.as_bytes()));

    deferred("0\n");
    writer.start_buffering();
    write(&writer, Deferred, "1");
    deferred("2\n3\n");
    write(&writer, Deferred, "4");
    writer.render_deferred();
    deferred("5\n");
    writer.flush();

    assert_eq!(output.lock().unwrap().0, ["0\n", "1\n2\n3\n4\n5\n"]);
}

#[test]
fn deferred_lines_are_flushed_when_they_are_many() {
    let (writer, output) = writer();

    writer.start_buffering();
    for _ in 0..3 {
        writer.write_deferred(MAX_BUFFERED_BYTES / 2, |out| out.extend_from_slice(b"x\n"));
    }

    assert_eq!(output.lock().unwrap().0, ["x\nx\nx\n"]);
}
