"""Hands X-Ray's API on to the process that keeps the spans, at the address in XRAY.

Signature and policy are verified here, as for every other service. The address is nobody else's business: what comes there is
answered.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import asyncio
import http.client
import importlib
import json
import os

from ministack.core import iam_actions

from pinned import wrap

application = importlib.import_module("ministack.app")

# Taken out, because functions inherit what stays.
ADDRESS = os.environ.pop("XRAY")
OPERATIONS = {
    "/TraceSegments": "PutTraceSegments",
    "/TraceSummaries": "GetTraceSummaries",
    "/Traces": "BatchGetTraces",
}
TIMEOUT_SECONDS = 30


@wrap(iam_actions, "extract_iam_action", ["service", "method", "path", "headers", "body", "query_params"])
def name_the_action(inner, service, method, path, headers, body, query_params):
    if service == "xray":
        return f"xray:{OPERATIONS.get(path, path.strip('/'))}"
    return inner(service, method, path, headers, body, query_params)


async def handle_request(method, path, headers, body, query_params):
    if method != "POST" or path not in OPERATIONS:
        return refusal(404, "UnknownOperationException", f"{method} {path} is not answered by the local stack")
    try:
        return await asyncio.to_thread(hand_on, path, body)
    except (OSError, http.client.HTTPException):
        return refusal(503, "ServiceUnavailable", "whoever keeps the spans does not answer")


def hand_on(path, body):
    connection = http.client.HTTPConnection(ADDRESS, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        kept = ("content-type", "x-amzn-errortype")
        return answer.status, {name: value for name, value in answer.getheaders() if name.lower() in kept}, text
    finally:
        connection.close()


def refusal(status, name, message):
    headers = {"Content-Type": "application/json", "x-amzn-errortype": name}
    return status, headers, json.dumps({"Message": message}).encode()


application.SERVICE_HANDLERS["xray"] = handle_request
