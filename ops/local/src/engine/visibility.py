"""Looks at queues when one of their messages becomes visible again, as Lambda's long polls get it at once.

The engine looks when something is sent, and once a second else: what comes back after its visibility timeout lay there for up
to a second more, so that retries took longer than they do on AWS.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import time

from ministack.services import lambda_svc, sqs

import queues  # noqa: F401  (its lock is held while messages are read)
from pinned import wrap


# When the queues were looked at last.
looked = 0.0


@wrap(lambda_svc._esm_wake, "clear", [])
def begin_to_look(inner):
    global looked
    looked = time.time()
    inner()


def next_visible():
    """When the next message becomes visible; one that was when they were looked at waits for an execution and not for time."""
    with sqs._queues_lock:
        found = list(sqs._queues._data.values())
        times = [message.get("visible_at", 0) for queue in found for message in queue["messages"]]
    return min((at for at in times if at > looked), default=float("inf"))


@wrap(lambda_svc._esm_wake, "wait", ["timeout"])
def until_visible(inner, timeout):
    # What became visible since they were looked at waits no longer: the next look is later than that, so it is waited for once.
    return inner(max(0.0, min(timeout, next_visible() - time.time())))
