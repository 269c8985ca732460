"""Reads the functions' output so that no line is late.

The engine gives an invocation the lines that it has seen 5 ms after the last one. On a busy machine its reader
comes later than that; the lines then turn up with the next invocation, and after the last one never. A
function writes its lines before its answer, so all of them lie in the pipe by then: it is enough to wait
until the pipe is empty and the reader has passed on what it took.

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
    """Takes lines from a pipe into a queue, and tells when all that was written has arrived there."""

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
    while reader and not reader.has_passed_on_everything() and time.monotonic() < give_up:
        time.sleep(LOOK_AGAIN_SECONDS)
    while True:
        try:
            lines.append(self._stderr_queue.get_nowait())
        except queue.Empty:
            return "\n".join(lines)


@replace("_drain_stderr_bounded", ["self", "first_line_wait", "idle_confirm", "hard_cap"])
def drain_bounded(self, **_):
    return drain(self)
