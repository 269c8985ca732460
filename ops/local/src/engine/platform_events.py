"""Lambda's own lines in a function's log, as JSON: the start of an invocation and its report.

A function whose log format is JSON has these in place of the lines START, END and REPORT, and nothing else says that an
invocation ran out of time or that its process died (Lambda developer guide, "JSON log format").

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import json
import re
import time

from ministack.services import cloudwatch_logs, lambda_svc

from pinned import wrap

START = re.compile(r"START RequestId: (\S+) Version: (\S+)$")
END = re.compile(r"END RequestId: (\S+)$")
REPORT = re.compile(
    r"REPORT RequestId: (\S+)\tDuration: (\d+) ms\tBilled Duration: (\d+) ms"
    r"\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB$"
)

# How invocations of functions with JSON logs ended, by request, until their report is written.
outcomes = {}


@wrap(lambda_svc, "_execute_function_provided_warm", ["func", "event", "request_id"])
def remember_the_outcome(inner, func, event, request_id):
    result = inner(func, event, request_id)
    config = func.get("config") or func
    if (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON":
        outcomes[request_id] = outcome(result)
    return result


@wrap(cloudwatch_logs, "_append_log_events", ["stream", "events"])
def append(inner, stream, events):
    return inner(stream, [written for event in events for written in platform_event(event)])


def outcome(result):
    body = result.get("body") if result.get("error") else None
    if not isinstance(body, dict):
        return {"status": "success"}
    if body.get("errorType") == "Sandbox.Timedout":
        return {"status": "timeout"}
    return {"status": "error", "errorType": body.get("errorType")}


def platform_event(event):
    """The event itself, or what a JSON log has in its place."""
    message = event["message"]
    if (start := START.match(message)) and start[1] in outcomes:
        return [line(event, "platform.start", {"requestId": start[1], "version": start[2]})]
    if (end := END.match(message)) and end[1] in outcomes:
        return []
    if (report := REPORT.match(message)) and report[1] in outcomes:
        names = ("durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB")
        metrics = dict(zip(names, map(int, report.groups()[1:]), strict=True))
        record = {"requestId": report[1], "metrics": metrics, **outcomes.pop(report[1])}
        return [line(event, "platform.report", record)]
    return [event]


def line(event, kind, record):
    seconds, millis = divmod(event["timestamp"], 1000)
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{millis:03}Z"
    return event | {"message": json.dumps({"time": at, "type": kind, "record": record}, separators=(",", ":"))}
