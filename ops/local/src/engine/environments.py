"""Lets execution environments end the invocation that they are at before an update of their function removes them.

On AWS an update of code or configuration starts new environments for the next invocations; those at work end theirs
with the old code. The engine terminated them at once, as if each update were a crash.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import threading

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from pinned import wrap

updates = threading.local()
# Those that are removed as soon as their invocation has ended.
retired = []


def during_update(inner, *arguments):
    updates.running = True
    try:
        return inner(*arguments)
    finally:
        updates.running = False


@wrap(lambda_svc, "_update_code", ["name", "data"])
def update_code(inner, name, data):
    return during_update(inner, name, data)


@wrap(lambda_svc, "_update_config", ["name", "data"])
def update_config(inner, name, data):
    return during_update(inner, name, data)


@wrap(lambda_runtime, "kill_workers", ["workers"])
def kill_workers(kill, workers):
    if getattr(updates, "running", False):
        with lambda_runtime._lock:
            busy = [worker for worker in workers if worker is not None and worker.in_use]
            retired.extend(busy)
        workers = [worker for worker in workers if worker not in busy]
    kill(workers)


@wrap(lambda_svc, "release_worker", ["worker"])
def release_worker(release, worker):
    release(worker)
    with lambda_runtime._lock:
        is_retired = worker in retired
        if is_retired:
            retired.remove(worker)
    if is_retired:
        # Beside the answer, which would else wait for the end of the process.
        threading.Thread(target=lambda_runtime.kill_workers, args=([worker],), daemon=True).start()
