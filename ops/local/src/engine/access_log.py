"""Writes the access log of HTTP APIs, in the format and to the log group that the stage names.

A variable that the engine has no value for is `-`, as on AWS.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import contextvars
import json
import re
import time
import uuid

from ministack.services import apigateway, cloudwatch_logs

import throttling  # noqa: F401  (first, so that what it refuses is logged)
from pinned import wrap

VARIABLE = re.compile(r"\$context\.([A-Za-z.]+)")
STREAM = "access"

# What the integration of the request in work did.
integrated = contextvars.ContextVar("integrated")


@wrap(
    apigateway,
    "_handle_execute_in_scope",
    [
        *("api_id", "stage", "path", "method", "headers", "body", "query_params"),
        *("owner_account_id", "owner_region", "raw_query_string"),
    ],
)
async def log_access(inner, api_id, stage, *arguments, **named):
    settings = (apigateway._stages.get(api_id, {}).get(stage) or {}).get("accessLogSettings") or {}
    if not settings.get("destinationArn"):
        return await inner(api_id, stage, *arguments, **named)
    seen = {}
    integrated.set(seen)
    began = time.time()
    answer = await inner(api_id, stage, *arguments, **named)
    write(settings, values(began, answer, seen))
    return answer


@wrap(
    apigateway,
    "_invoke_lambda_proxy",
    [
        *("integration", "api_id", "stage", "path", "method", "headers", "body", "query_params"),
        *("route_key", "path_params", "authorizer_claims", "authorizer_scopes", "authorizer_lambda_context"),
        *("authorizer_iam", "owner_account_id", "owner_region", "raw_query_string"),
    ],
)
async def see_integration(inner, *arguments, **named):
    began = time.time()
    answer = await inner(*arguments, **named)
    seen = integrated.get({})
    seen["integrationLatency"] = milliseconds(began)
    seen["routeKey"] = arguments[8]
    seen["authorizer.claims.sub"] = (named.get("authorizer_claims") or {}).get("sub")
    if answer[0] >= 500:
        seen["integrationErrorMessage"] = message(answer)
    return answer


def values(began, answer, seen):
    known = {
        "requestId": uuid.uuid4().hex[:16],
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(began)),
        "status": answer[0],
        "identity.sourceIp": "127.0.0.1",
        "responseLatency": milliseconds(began),
        **seen,
    }
    if not seen and answer[0] >= 400:
        known["error.message"] = message(answer)
    return known


def milliseconds(began):
    return round((time.time() - began) * 1000)


def message(answer):
    try:
        return json.loads(answer[2]).get("message")
    except (ValueError, AttributeError):
        return None


def write(settings, known):
    def value(variable):
        found = known.get(variable[1])
        return "-" if found is None else json.dumps(str(found))[1:-1]

    line = VARIABLE.sub(value, settings.get("format", ""))
    group = settings["destinationArn"].split(":log-group:", 1)[-1].removesuffix(":*")
    place = {"logGroupName": group, "logStreamName": STREAM}
    # The second time the engine answers that it is there already.
    cloudwatch_logs._create_log_stream(place)
    event = {"timestamp": round(time.time() * 1000), "message": line}
    cloudwatch_logs._put_log_events({**place, "logEvents": [event]})
