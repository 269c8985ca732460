"""Runs the engine for as long as the process that started it lives.

stdin   a pipe that nobody writes to: its end is the end of the parent, even of a killed one
stdout  the socket to listen on, so that nobody else can take the port in between
stderr  the log
"""

import asyncio
import os
import resource
import signal
import threading

lifeline, listener = os.dup(0), os.dup(1)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(2, 1)


def follow_parent():
    while os.read(lifeline, 1):
        pass
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=follow_parent, daemon=True).start()

from hypercorn.asyncio import serve  # noqa: E402  (slow: the thread above must watch meanwhile)
from hypercorn.config import Config  # noqa: E402
from ministack.app import AUTH, app  # noqa: E402

if AUTH:
    import conditions  # noqa: E402, F401  (beside this file)

_, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))

config = Config()
config.bind = [f"fd://{listener}"]
config.keep_alive_timeout = 75
asyncio.run(serve(app, config))
