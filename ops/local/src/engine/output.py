"""Reads the functions' output so that no line is late.

The engine gives an invocation the lines that it has seen 5 ms after the last one. On a busy machine its reader
comes later than that, and a function may write after its answer; the lines then turn up with the next
invocation, and after the last one never. As on AWS, an invocation is over when its environment asks for the next
event: all of its lines lie in the pipe by then, and it is enough to wait until the pipe is empty and the reader
has passed on what it took. The price is that callers wait for that too, which they do not on AWS.

Written for the pinned version of the engine; whatever is replaced here is checked first.
"""

import array
import fcntl
import inspect
import os
import queue
import select
import termios
import time

from ministack.core.lambda_runtime import ProvidedWorker

# Beyond any wait for a reader; a function that never stops writing must not hold its answer back.
LONGEST_WAIT_SECONDS = 2.0
LOOK_AGAIN_SECONDS = 0.001


class Reader:
    """Takes lines from a pipe into a queue, and knows when all that was written has arrived there."""

    def __init__(self, stream):
        self.pipe = stream.fileno()
        self.at_work = False
        self.ended = False

    def run(self, lines):
        rest = b""
        news = select.poll()
        news.register(self.pipe, select.POLLIN)
        try:
            while True:
                news.poll()
                # Before anything is taken, so that an empty pipe and an idle reader mean: all has arrived.
                self.at_work = True
                taken = os.read(self.pipe, 65536)
                if not taken:
                    break
                *whole, rest = (rest + taken).split(b"\n")
                for line in whole:
                    lines.put(text(line))
                self.at_work = False
            if rest:
                lines.put(text(rest))
        finally:
            self.ended = True

    def has_passed_on_everything(self):
        waiting = array.array("i", [0])
        try:
            fcntl.ioctl(self.pipe, termios.FIONREAD, waiting)
        except OSError:
            return True
        # In this order: see `run`.
        return self.ended or (waiting[0] == 0 and not self.at_work)


def text(line):
    return line.decode("utf-8", errors="replace").rstrip("\r")


def replace(name, parameters):
    def decorate(function):
        found = list(inspect.signature(getattr(ProvidedWorker, name)).parameters)
        if found != parameters:
            raise SystemExit(f"ProvidedWorker.{name} takes {found}, not {parameters}: not the pinned engine")
        setattr(ProvidedWorker, name, function)
        return function

    return decorate


record_result = ProvidedWorker._record_result
mark_first_poll = ProvidedWorker._mark_first_poll


@replace("_record_result", ["self", "generation", "request_id", "kind", "payload"])
def end_of_work(self, generation, request_id, kind, payload):
    # First, because the environment may ask for the next event before this returns.
    self.asked_again = False
    return record_result(self, generation, request_id, kind, payload)


@replace("_mark_first_poll", ["self", "generation"])
def asks_for_an_event(self, generation):
    self.asked_again = True
    return mark_first_poll(self, generation)


def is_over(self):
    """Whether the environment is through with its last event, or gone."""
    return getattr(self, "asked_again", True) or self._proc is None or self._proc.poll() is not None


@replace("_pump_output", ["self", "stream", "log_queue"])
def pump_output(self, stream, log_queue):
    log_queue.reader = Reader(stream)
    with stream:
        log_queue.reader.run(log_queue)


@replace("_drain_stderr", ["self"])
def drain(self):
    lines = []
    give_up = time.monotonic() + LONGEST_WAIT_SECONDS
    reader = getattr(self._stderr_queue, "reader", None)

    # In this order: nothing is written once the invocation is over.
    while reader and not (is_over(self) and reader.has_passed_on_everything()) and time.monotonic() < give_up:
        time.sleep(LOOK_AGAIN_SECONDS)
    while True:
        try:
            lines.append(self._stderr_queue.get_nowait())
        except queue.Empty:
            return "\n".join(lines)


@replace("_drain_stderr_bounded", ["self", "first_line_wait", "idle_confirm", "hard_cap"])
def drain_bounded(self, **_):
    return drain(self)
