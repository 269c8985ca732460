"""Invokes the targets of EventBridge's rules as Lambda does: tried again, and then handed to the failure destination.

The engine does so for its other asynchronous invocations. Written for its pinned version, like the modules beside it.
"""

import json

from ministack.services import eventbridge, lambda_svc

from pinned import wrap


@wrap(eventbridge, "_dispatch_to_lambda", ["arn", "payload"])
def dispatch(inner, arn, payload):
    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        return inner(arn, payload)
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), json.loads(payload))
