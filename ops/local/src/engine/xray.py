"""Hands X-Ray's API on to the process that keeps the spans.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import importlib

from ministack.core import iam_actions

import xray_groups
from handed_on import Unanswered, hand_on
from pinned import wrap

application = importlib.import_module("ministack.app")

OPERATIONS = {
    "/TraceSegments": "PutTraceSegments",
    "/TraceSummaries": "GetTraceSummaries",
    "/Traces": "BatchGetTraces",
}


@wrap(iam_actions, "extract_iam_action", ["service", "method", "path", "headers", "body", "query_params"])
def name_the_action(inner, service, method, path, headers, body, query_params):
    if service == "xray":
        return f"xray:{({**OPERATIONS, **xray_groups.OPERATIONS}).get(path, path.strip('/'))}"
    return inner(service, method, path, headers, body, query_params)


async def handle_request(method, path, headers, body, query_params):
    if method != "POST" or path not in OPERATIONS:
        return await xray_groups.handle_request(method, path, headers, body, query_params)
    try:
        return await hand_on(f"/xray{path}", OPERATIONS[path], body)
    except Unanswered:
        return xray_groups.refusal(503, "ServiceUnavailable", "whoever keeps the spans does not answer")


application.SERVICE_HANDLERS["xray"] = handle_request
