"""Restarts the engine at SIGUSR1, with what it holds: as the same process, so that its port, its group and its log stay.

PERSIST_STATE has the engine save its services when it ends and read them when it starts. What that leaves out is saved
beside it: objects, which the engine would else write to the disk at each PUT, and what our modules hold. Functions end
with the engine, as its connections do; clients that come meanwhile wait in the kernel for the new one.

Not SIGHUP, which the kernel sends to a stopped group whose starter died: that is to end the engine.

Forgotten are message move tasks, decisions, and metrics that nobody has read yet.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import asyncio
import importlib
import json
import os
import pickle
import signal
import sys
import threading

from ministack.core import lambda_runtime, persistence
from ministack.services import s3, sts

import saved_queries
import xray_groups
from keys import ROOT, issued
from pinned import wrap

application = importlib.import_module("ministack.app")

FILE = os.path.join(persistence.STATE_DIR, "held.pickle")
OBJECTS = ("_buckets", "_object_versions", "_object_tags", "_object_acl")
# What the engine does not save, or not whole. With their keys, what functions have signed stays signed.
HELD = {
    **{name: getattr(s3, name)._data for name in OBJECTS},
    "issued": issued,
    "sessions": sts._sessions,
    "definitions": saved_queries.definitions._data,
    "groups": xray_groups.groups._data,
}
# Threads that bring S3's events to their queues are called so by Python.
OF_EVENTS = " (run)"
LONGEST_EVENT_SECONDS = 5


def asked_for():
    """What the server waits for before it ends."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, asked.set)
    return asked.wait


@wrap(application, "_build_persistence_save_dict", [])
def save(inner):
    # What works on would change what is being saved: functions, and events of uploads that were answered.
    lambda_runtime.reset()
    for thread in threading.enumerate():
        if thread.name.endswith(OF_EVENTS):
            thread.join(LONGEST_EVENT_SECONDS)
    # There are keys among it.
    os.umask(0o077)
    os.makedirs(persistence.STATE_DIR, exist_ok=True)
    with open(FILE, "wb") as file:
        pickle.dump(HELD, file)
    return inner()


@wrap(application, "_load_persisted_state", [])
def load(inner):
    inner()
    if os.path.exists(FILE):
        with open(FILE, "rb") as file:
            saved = pickle.load(file)
        os.remove(FILE)
        for name, held in HELD.items():
            held.update(saved[name])


def again(listener, environment):
    """Replaces the program by itself. Whatever it was handed over is handed over once more."""
    lambda_runtime.reset()
    reader, writer = os.pipe()
    os.write(writer, json.dumps(ROOT).encode() + b"\n")
    os.close(writer)
    os.dup2(reader, 0)
    os.dup2(listener, 1)
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)
