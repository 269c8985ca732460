"""Writes into a function's log how an invocation ended that got no answer, as Lambda does.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import time

from ministack.services import lambda_svc

from pinned import wrap


@wrap(lambda_svc, "_execute_function_provided_warm", ["func", "event", "request_id"])
def tell_the_end(inner, func, event, request_id):
    result = inner(func, event, request_id)
    body = result.get("body") if result.get("error") else None
    if isinstance(body, dict):
        lines = [result.get("log") or "", *ending(body, request_id)]
        result["log"] = "\n".join(line for line in lines if line)
    return result


def ending(body, request_id):
    if body.get("errorType") == "Runtime.ExitError":
        return [f"RequestId: {request_id} Error: Runtime exited without providing a reason", "Runtime.ExitError"]
    if body.get("errorType") == "Sandbox.Timedout":
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return [f"{at} {request_id} {body.get('errorMessage')}"]
    return []
