"""X-Ray's groups: AWS::XRay::Group in templates, GetGroups and GetGroup.

Written for the pinned version of the engine; whatever is used here is checked first.
"""

import importlib
import json

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, new_uuid
from ministack.services.cloudformation import provisioners

application = importlib.import_module("ministack.app")

TYPE = "AWS::XRay::Group"
OPERATIONS = {"/Groups": "GetGroups", "/GetGroup": "GetGroup"}

# By ARN.
groups = AccountRegionScopedDict()


async def handle_request(method, path, headers, body, query_params):
    if method != "POST" or path not in OPERATIONS:
        return refusal(404, "UnknownOperationException", f"{method} {path} is not answered by the local stack")
    if path == "/Groups":
        return answer({"Groups": sorted(groups.values(), key=lambda group: group["GroupName"])})
    asked = json.loads(body or b"{}")
    for arn, group in groups.items():
        if asked.get("GroupARN") == arn or asked.get("GroupName") == group["GroupName"]:
            return answer({"Group": group})
    return refusal(400, "InvalidRequestException", "Group not found")


def answer(found):
    return 200, {"Content-Type": "application/json"}, json.dumps(found).encode()


def refusal(status, name, message):
    headers = {"Content-Type": "application/json", "x-amzn-errortype": name}
    return status, headers, json.dumps({"Message": message}).encode()


def put(arn, properties):
    insights = properties.get("InsightsConfiguration") or {}
    groups[arn] = {
        "GroupName": properties["GroupName"],
        "GroupARN": arn,
        "FilterExpression": properties.get("FilterExpression", ""),
        "InsightsConfiguration": {
            name: str(insights.get(name, "false")).lower() == "true"
            for name in ("InsightsEnabled", "NotificationsEnabled")
        },
    }
    # As `Ref` and as the attribute.
    return arn, {"GroupARN": arn}


def create(logical_id, properties, stack_name):
    name = properties["GroupName"]
    if any(group["GroupName"] == name for group in groups.values()):
        raise ValueError(f"{TYPE}: the group {name} exists already")
    return put(f"arn:aws:xray:{get_region()}:{get_account_id()}:group/{name}/{new_uuid().replace('-', '').upper()}", properties)


if TYPE in provisioners._RESOURCE_HANDLERS or "xray" in application.SERVICE_HANDLERS:
    raise SystemExit("the engine has X-Ray's groups itself: not the pinned engine")
provisioners._RESOURCE_HANDLERS[TYPE] = {
    "create": create,
    "update": lambda arn, old, new, stack_name: put(arn, new),
    "delete": lambda arn, properties: groups.pop(arn, None),
}
application.SERVICE_HANDLERS["xray"] = handle_request
