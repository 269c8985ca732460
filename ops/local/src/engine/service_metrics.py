"""Reports the metrics that AWS's services publish to CloudWatch.

One JSON object a line, to the address in SERVICE_METRICS:

- AWS/SQS         each queue again and again: depth, age, and what was sent since the last time
- AWS/Lambda      each invocation, each throttle
- AWS/ApiGateway  each call of an HTTP API
- AWS/DynamoDB    each call about one table
- AWS/SNS         each message, each delivery

CLOCK_RATE is how much faster than the day the reader's clock goes at first: schedules and samples keep up with it. The reader
writes on the same connection, a number a line, how fast it goes from then on.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import json
import os
import queue
import socket
import threading
import time

from ministack.services import apigateway, cloudwatch, dynamodb, eventbridge, lambda_svc, sns, sqs

import queues  # noqa: F401  (its lists of messages count what was sent)
from pinned import wrap

# Taken out, because functions inherit what stays.
HOST, PORT = os.environ.pop("SERVICE_METRICS").rsplit(":", 1)
# "When a message is received three times or more and not deleted", SQS leaves it out of the age.
RECEIVES_OF_POISON = 3
THROTTLED = ("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded")

reports = queue.SimpleQueue()


class Clock:
    """How much faster than the day the reader's clock goes, and what is done how often for it."""

    def __init__(self, rate):
        self.changed = threading.Event()
        self.set(rate)

    def set(self, rate):
        self.rate = rate
        self.between_samples = max(5.0 / rate, 0.25)
        # A wait that has begun goes on, so none is longer than a second.
        eventbridge._SCHEDULER_TICK_INTERVAL = min(10.0 / rate, 1.0)
        self.changed.set()


clock = Clock(float(os.environ.pop("CLOCK_RATE")))


def record(namespace, name, dimensions, unit, **values):
    at = values.pop("at", None) or time.time()
    reports.put({"namespace": namespace, "name": name, "dimensions": dimensions, "unit": unit, "at": at, **values})


def send():
    """Until nobody reads any more: then the stack is on its way down."""
    with socket.create_connection((HOST, int(PORT))) as reader:
        threading.Thread(target=listen, args=(reader.makefile(),), daemon=True, name="service-metrics-listen").start()
        while True:
            report = reports.get()
            try:
                reader.sendall(json.dumps(report).encode() + b"\n")
            except OSError:
                return


def listen(reader):
    for line in reader:
        clock.set(float(line))


def is_poison(message):
    return message["receive_count"] - message["arrival"]["receives"] >= RECEIVES_OF_POISON


def sample():
    counted = {}
    while True:
        clock.changed.wait(clock.between_samples)
        clock.changed.clear()
        for key, found in list(sqs._queues._data.items()):
            with sqs._queues_lock:
                messages, sent = list(found["messages"]), found["messages"].sent
            now = time.time()
            waiting = [message for message in messages if message["visible_at"] <= now]
            delayed = [message for message in messages if message["visible_at"] > now and not message["receive_count"]]
            of = {"QueueName": key[2].rsplit("/", 1)[-1]}
            counts = {
                "ApproximateNumberOfMessagesVisible": len(waiting),
                "ApproximateNumberOfMessagesNotVisible": len(messages) - len(waiting) - len(delayed),
                "ApproximateNumberOfMessagesDelayed": len(delayed),
                "NumberOfMessagesSent": sent - counted.get(key, 0),
            }
            counted[key] = sent
            for name, value in counts.items():
                record("AWS/SQS", name, of, "Count", at=now, value=value)
            arrivals = [message["arrival"]["at"] for message in messages if not is_poison(message)]
            # An empty queue has no age, and neither has one in which all was received too often.
            if arrivals:
                record("AWS/SQS", "ApproximateAgeOfOldestMessage", of, "Seconds", at=now, since=min(arrivals))
        for function, running in lambda_svc.executions_in_flight()[1].items():
            of = {"FunctionName": function.rsplit(":", 1)[-1]}
            record("AWS/Lambda", "ConcurrentExecutions", of, "Count", at=time.time(), value=running)


@wrap(lambda_svc, "_acquire_execution_slot", ["func", "config"])
def see_throttles(inner, func, config):
    slot, limit = inner(func, config)
    of = {"FunctionName": config.get("FunctionName", "")}
    record("AWS/Lambda", "Throttles", of, "Count", value=int(slot is None))
    return slot, limit


@wrap(lambda_svc, "_execute_function_dispatch", ["func", "config", "event", "request_id", "started"])
def see_invocations(inner, func, config, event, request_id, started):
    of = {"FunctionName": config.get("FunctionName", "")}
    _, running = lambda_svc.executions_in_flight()
    own = running.get(lambda_svc._inflight_key(config), 1)
    record("AWS/Lambda", "ConcurrentExecutions", of, "Count", value=own)
    failed = True
    try:
        result = inner(func, config, event, request_id, started)
        failed = bool(result.get("error"))
        return result
    finally:
        record("AWS/Lambda", "Invocations", of, "Count", value=1)
        record("AWS/Lambda", "Errors", of, "Count", value=int(failed))
        record("AWS/Lambda", "Duration", of, "Milliseconds", value=(time.time() - started) * 1000)


@wrap(
    apigateway,
    "handle_execute",
    ["api_id", "stage", "path", "method", "headers", "body", "query_params", "raw_query_string"],
)
async def see_api_calls(inner, api_id, stage, *arguments, **named):
    started = time.time()
    status = 500
    try:
        answer = await inner(api_id, stage, *arguments, **named)
        status = answer[0]
        return answer
    finally:
        milliseconds = (time.time() - started) * 1000
        for of in ({"ApiId": api_id}, {"ApiId": api_id, "Stage": stage}):
            record("AWS/ApiGateway", "Count", of, "Count", value=1)
            record("AWS/ApiGateway", "4xx", of, "Count", value=int(400 <= status < 500))
            record("AWS/ApiGateway", "5xx", of, "Count", value=int(status >= 500))
            record("AWS/ApiGateway", "Latency", of, "Milliseconds", value=milliseconds)


@wrap(dynamodb, "handle_request", ["method", "path", "headers", "body", "query_params"])
async def see_table_calls(inner, method, path, headers, body, query_params):
    started = time.time()
    answer = await inner(method, path, headers, body, query_params)
    table = table_of(body)
    if table:
        of = {"TableName": table, "Operation": headers.get("x-amz-target", "").rsplit(".", 1)[-1]}
        status, text = answer[0], answer[2]
        if status < 400:
            milliseconds = (time.time() - started) * 1000
            record("AWS/DynamoDB", "SuccessfulRequestLatency", of, "Milliseconds", value=milliseconds)
        elif status >= 500:
            record("AWS/DynamoDB", "SystemErrors", of, "Count", value=1)
        elif any(name.encode() in text for name in THROTTLED):
            record("AWS/DynamoDB", "ThrottledRequests", of, "Count", value=1)
    return answer


def table_of(body):
    try:
        name = json.loads(body).get("TableName", "")
    except (ValueError, AttributeError):
        return ""
    return name.rsplit("/", 1)[-1] if isinstance(name, str) else ""


@wrap(
    sns,
    "_fanout",
    [
        "topic_arn",
        "msg_id",
        "message",
        "subject",
        "message_structure",
        "message_attributes",
        "message_group_id",
        "message_dedup_id",
    ],
)
def see_messages(inner, topic_arn, *arguments, **named):
    of = {"TopicName": topic_arn.rsplit(":", 1)[-1]}
    record("AWS/SNS", "NumberOfMessagesPublished", of, "Count", value=1)
    return inner(topic_arn, *arguments, **named)


@wrap(
    sns,
    "_deliver_to_sqs",
    [
        "endpoint",
        "envelope",
        "raw",
        "raw_message",
        "message_group_id",
        "message_dedup_id",
        "message_attributes",
        "topic_arn",
    ],
)
def see_deliveries(inner, endpoint, *arguments, topic_arn="", **named):
    # It answers nothing; what it did shows in the queue alone.
    before = sent_to(endpoint)
    inner(endpoint, *arguments, topic_arn=topic_arn, **named)
    delivered = sent_to(endpoint) > before
    of = {"TopicName": topic_arn.rsplit(":", 1)[-1]}
    record("AWS/SNS", "NumberOfNotificationsDelivered", of, "Count", value=int(delivered))
    record("AWS/SNS", "NumberOfNotificationsFailed", of, "Count", value=int(not delivered))


def sent_to(endpoint):
    found = sqs._queue_by_arn(endpoint)
    return found["messages"].sent if found else 0


# The engine's own alarms know neither dimensions nor missing data; who reads the metrics evaluates them.
wrap(cloudwatch, "_evaluate_alarm", ["alarm"])(lambda inner, alarm: None)
wrap(cloudwatch, "_dispatch_alarm_actions", ["alarm", "old_state", "new_state", "reason"])(lambda *_: None)


@wrap(eventbridge, "_parse_rate_seconds", ["expr"])
def keep_up(inner, expr):
    seconds = inner(expr)
    return None if seconds is None else seconds / clock.rate


for work in (send, sample):
    threading.Thread(target=work, daemon=True, name=f"service-metrics-{work.__name__}").start()
