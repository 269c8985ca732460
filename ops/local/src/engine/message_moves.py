"""Moves messages out of a dead-letter queue: StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask.

The engine has none of them. Each message goes where it came from, or to the destination of the task, as a new message with its
attributes, and is deleted after that; a message that came from nowhere ends the task.

Written for the pinned version of the engine; whatever is used here is checked first.
"""

import asyncio
import json
import time

from ministack.core.responses import new_uuid
from ministack.services import sqs

RUNNING, COMPLETED, FAILED = "RUNNING", "COMPLETED", "FAILED"
CANCELLING, CANCELLED = "CANCELLING", "CANCELLED"
# What SQS does at most, when a task names no rate.
MOST_PER_SECOND = 500
HOLD_SECONDS = 30

# By the queue that they empty, the newest first.
tasks = {}
# The loop keeps no hold of what runs on it.
running = set()


class Task:
    def __init__(self, source, data):
        self.source = source
        self.destination = data.get("DestinationArn")
        self.handle = new_uuid()
        self.rate = data.get("MaxNumberOfMessagesPerSecond")
        self.status = RUNNING
        self.failure = None
        self.moved = 0
        self.of = len(source["messages"])
        self.started = int(time.time() * 1000)

    async def run(self):
        while self.status == RUNNING:
            found = sqs._collect_msgs(self.source, 1, HOLD_SECONDS)
            if not found:
                self.status = COMPLETED
            elif not self.move(found[0]):
                self.status, self.failure = FAILED, "CouldNotDetermineMessageSource"
            await asyncio.sleep(1 / (self.rate or MOST_PER_SECOND))
        if self.status == CANCELLING:
            self.status = CANCELLED

    def move(self, message):
        target = self.destination or message["sys"].get("DeadLetterQueueSourceArn")
        queue = sqs._queue_by_arn(target) if target else None
        if queue is None:
            return False
        trace = message["sys"].get("AWSTraceHeader")
        sent = {
            "QueueUrl": queue["url"],
            "MessageBody": message["body"],
            "MessageAttributes": message["message_attributes"],
            "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}} if trace else {},
        }
        sqs._act_send_message(sent, queue["url"])
        handle = {"QueueUrl": self.source["url"], "ReceiptHandle": message["receipt_handle"]}
        sqs._act_delete_message(handle, self.source["url"])
        self.moved += 1
        return True

    def described(self):
        known = {
            # Only what runs can be cancelled, so only that has a handle.
            "TaskHandle": self.handle if self.status == RUNNING else None,
            "Status": self.status,
            "SourceArn": self.source["attributes"]["QueueArn"],
            "DestinationArn": self.destination,
            "MaxNumberOfMessagesPerSecond": self.rate,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.of,
            "FailureReason": self.failure,
            "StartedTimestamp": self.started,
        }
        return {name: value for name, value in known.items() if value is not None}


def start(data, _):
    arn = data.get("SourceArn", "")
    source = sqs._queue_by_arn(arn)
    if source is None:
        raise sqs._Err("ResourceNotFoundException", "The resource that you specified for the SourceArn doesn't exist.")
    if not any(feeds(queue, arn) for queue in sqs._queues.values()):
        raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    if any(task.status == RUNNING for task in tasks.get(arn, [])):
        raise sqs._Err("AWS.SimpleQueueService.UnsupportedOperation", "There is already a task running.")
    task = Task(source, data)
    tasks.setdefault(arn, []).insert(0, task)
    work = asyncio.get_running_loop().create_task(task.run())
    running.add(work)
    work.add_done_callback(running.discard)
    return {"TaskHandle": task.handle}


def feeds(queue, arn):
    policy = queue["attributes"].get("RedrivePolicy") or "{}"
    return json.loads(policy).get("deadLetterTargetArn") == arn


def list_tasks(data, _):
    found = tasks.get(data.get("SourceArn"), [])
    return {"Results": [task.described() for task in found[: int(data.get("MaxResults") or 1)]]}


def cancel(data, _):
    of_all = (task for found in tasks.values() for task in found)
    for task in of_all:
        if task.handle == data.get("TaskHandle") and task.status == RUNNING:
            task.status = CANCELLING
            return {"ApproximateNumberOfMessagesMoved": task.moved}
    raise sqs._Err("ResourceNotFoundException", "Task does not exist.")


HANDLERS = {"StartMessageMoveTask": start, "ListMessageMoveTasks": list_tasks, "CancelMessageMoveTask": cancel}
if HANDLERS.keys() & sqs._HANDLERS.keys():
    raise SystemExit("the engine moves messages itself: not the pinned engine")
sqs._HANDLERS.update(HANDLERS)
