"""Looks at queues when one of their messages becomes visible again, as Lambda's long polls get it at once.

The engine looks when something is sent, and once a second else: what comes back after its visibility timeout lay there for up
to a second more, so that retries took longer than they do on AWS.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import time

from ministack.services import lambda_svc, sqs

import queues  # noqa: F401  (its lock is held while messages are read)
from pinned import wrap


def seconds_until_next():
    """Until the next message becomes visible that is not; what is visible already waits for an execution and not for time."""
    now = time.time()
    with sqs._queues_lock:
        found = list(sqs._queues._data.values())
        later = [at for queue in found for message in queue["messages"] if (at := message.get("visible_at", 0)) > now]
    return min(later, default=now + 60) - now


@wrap(lambda_svc._esm_wake, "wait", ["timeout"])
def until_visible(inner, timeout):
    return inner(min(timeout, seconds_until_next()))
