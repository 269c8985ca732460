"""Refuses to read a queue whose visibility timeout is less than the function's timeout, as Lambda does.

A message would come again while its first invocation still runs. Lambda looks when a mapping is made or gets another
function, through its API and through CloudFormation alike. It does not look when only the function's timeout or only the
queue's visibility timeout changes, and neither does this.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

from ministack.core.responses import new_uuid
from ministack.services import lambda_svc, sqs
from ministack.services.cloudformation import provisioners

from pinned import wrap

TYPE = "AWS::Lambda::EventSourceMapping"


def fault(function, source):
    """Lambda's message, or None where there is nothing to refuse; what is not there is the engine's to report."""
    queue = sqs._queue_by_arn(source) if ":sqs:" in source else None
    _, config, _ = lambda_svc._get_func_record_for_ref(function)
    if queue is None or config is None:
        return None
    visibility, timeout = int(queue["attributes"]["VisibilityTimeout"]), int(config["Timeout"])
    if visibility >= timeout:
        return None
    return f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"


def refused(message):
    return lambda_svc.error_response_json("InvalidParameterValueException", message, 400)


@wrap(lambda_svc, "_create_esm", ["data"])
def check_new(inner, data):
    message = fault(data.get("FunctionName", ""), data.get("EventSourceArn", ""))
    return refused(message) if message else inner(data)


@wrap(lambda_svc, "_update_esm", ["esm_id", "data"])
def check_another_function(inner, esm_id, data):
    mapping = lambda_svc._esms.get(esm_id)
    message = fault(data["FunctionName"], mapping["EventSourceArn"]) if mapping and "FunctionName" in data else None
    return refused(message) if message else inner(esm_id, data)


def stop(message):
    if message:
        request = f"(Service: Lambda, Status Code: 400, Request ID: {new_uuid()})"
        handler = f"(RequestToken: {new_uuid()}, HandlerErrorCode: InvalidRequest)"
        raise ValueError(f'Resource handler returned message: "Invalid request provided: {message} {request}" {handler}')


@wrap(provisioners, "_lambda_esm_create", ["logical_id", "props", "stack_name"])
def check_new_resource(inner, logical_id, props, stack_name):
    stop(fault(props.get("FunctionName", ""), props.get("EventSourceArn", "")))
    return inner(logical_id, props, stack_name)


# CloudFormation's handler hands the function's name on with every change.
@wrap(provisioners, "_lambda_esm_update", ["physical_id", "old_props", "new_props", "stack_name"])
def check_changed_resource(inner, physical_id, old_props, new_props, stack_name):
    stop(fault(new_props.get("FunctionName", ""), new_props.get("EventSourceArn", "")))
    return inner(physical_id, old_props, new_props, stack_name)


# The table of handlers holds the functions as they were.
handlers = provisioners._RESOURCE_HANDLERS[TYPE]
if handlers.keys() != {"create", "update", "delete"}:
    raise SystemExit(f"{TYPE} has the handlers {sorted(handlers)}: not the pinned engine")
handlers.update(create=provisioners._lambda_esm_create, update=provisioners._lambda_esm_update)
