"""Hands CloudWatch's API on to the process that keeps metrics and alarms.

The engine's own metrics and alarms are those that CloudFormation created, and nobody is shown them.

Written for the pinned version of the engine; whatever is used here is checked first.
"""

import importlib

from ministack.core import iam_actions

from handed_on import Unanswered, hand_on

application = importlib.import_module("ministack.app")

# What names the protocol and the operation.
SENT = ("content-type", "smithy-protocol", "x-amz-target")


async def handle_request(method, path, headers, body, query_params):
    sent = {name: headers[name] for name in SENT if name in headers}
    action = iam_actions.extract_iam_action("monitoring", method, path, headers, body, query_params)
    try:
        # In CBOR the path names the operation. A request that names two is refused there.
        operation = (action or ":").split(":", 1)[1]
        return await hand_on(f"/cloudwatch/{path.strip('/') or 'request'}", operation, body, sent)
    except Unanswered:
        return 503, {"Content-Type": "text/plain"}, b"whoever keeps the metrics does not answer\n"


if "monitoring" not in application.SERVICE_HANDLERS:
    raise SystemExit("the engine has no CloudWatch under this name: not the pinned engine")
application.SERVICE_HANDLERS["monitoring"] = handle_request
