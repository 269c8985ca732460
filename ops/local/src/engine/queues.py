"""Keeps a queue's messages whole while several threads change them.

The engine takes messages out of a queue by putting a list of the others in the place of the old one: the pollers of event
source mappings do it under a lock, calls of the API without. What one took out while the other made its list came back, up to
ten messages at once when the queue's visibility timeout was over; and what arrived meanwhile was lost.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import threading
import time

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import sqs

from pinned import wrap

# One thread takes it again: the pollers call functions that are wrapped below. Looked up by its name at each use.
sqs._queues_lock = threading.RLock()


class Messages(list):
    """Messages of a queue; `sent` counts those that arrived, and not those that came from another queue."""

    def __init__(self, messages, queue, sent=0):
        super().__init__(messages)
        self.queue = queue
        self.sent = sent

    def append(self, message):
        with sqs._queues_lock:
            current = self.queue["messages"]
            # Since the sender looked it up, another list may have taken this one's place.
            if current is not self:
                current.append(message)
                return
            # What moves to a dead-letter queue keeps when it was sent and how often it was received; its age does not.
            message["arrival"] = {"at": time.time(), "receives": message["receive_count"]}
            if "DeadLetterQueueSourceArn" not in message.get("sys", {}):
                self.sent += 1
            super().append(message)


class Queue(dict):
    def __init__(self, found):
        super().__init__(found)
        super().__setitem__("messages", Messages(found["messages"], self))

    def __setitem__(self, name, value):
        if name == "messages":
            value = Messages(value, self, self["messages"].sent)
        super().__setitem__(name, value)


class Queues(AccountRegionScopedDict):
    def __setitem__(self, url, value):
        super().__setitem__(url, Queue(value))


# Before the first queue: every function of the module looks the name up.
sqs._queues = Queues()


@wrap(sqs, "get_state", [])
def plain(inner):
    """Queues to be saved, for a restart: these here cannot be copied like others."""
    saved = AccountRegionScopedDict()
    with sqs._queues_lock:
        saved._data.update({key: {**found, "messages": list(found["messages"])} for key, found in sqs._queues._data.items()})
    return {"queues": saved}


@wrap(sqs, "load_persisted_state", ["data"])
def watched_again(inner, data):
    inner(data)
    for key, found in list(sqs._queues._data.items()):
        sqs._queues._data[key] = Queue(found)


def one_at_a_time(inner, *arguments):
    with sqs._queues_lock:
        return inner(*arguments)


# Whatever makes a list of some of a queue's messages and puts it in the place of all.
for name in ("_expire_retained", "_dlq_sweep"):
    wrap(sqs, name, ["q"])(one_at_a_time)
wrap(sqs, "_collect_msgs", ["q", "max_n", "vis_timeout"])(one_at_a_time)
for action, name in (
    ("DeleteMessage", "_act_delete_message"),
    ("DeleteMessageBatch", "_act_delete_message_batch"),
    ("ChangeMessageVisibility", "_act_change_visibility"),
    ("ChangeMessageVisibilityBatch", "_act_change_visibility_batch"),
    ("PurgeQueue", "_act_purge_queue"),
):
    wrap(sqs, name, ["data", "qurl"])(one_at_a_time)
    # The table of the API's operations has the functions themselves.
    sqs._HANDLERS[action] = getattr(sqs, name)
