"""Asks a function's role before Lambda does on the function's behalf what the engine does as itself.

- the poller of a queue receives and deletes messages and reads the queue's attributes; without these rights the mapping
  is refused when it is made, and later messages stay in the queue
- lines go to the log group, which nobody may make by accident
- spans that the function hands to the X-Ray daemon go to X-Ray: without the right they are lost, and a function with
  active tracing is refused when it is made
- what is left of a failed asynchronous invocation goes to the destination

The texts of refusals are AWS's own where they are known: for SQS, X-Ray and SNS they are of one form.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import contextvars
import os
import socket

from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json
from ministack.services import cloudwatch_logs, iam, lambda_svc, sqs
from ministack.services.cloudformation import provisioners

import decisions
from pinned import wrap

CONSUME = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
TRACE = ("PutTraceSegments", "PutTelemetryRecords")
DAEMON = "AWS_XRAY_DAEMON_ADDRESS"

# Takes the spans that a role may not send: nobody reads from it.
nowhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
nowhere.bind(("127.0.0.1", 0))

# By function: whether its environments were started with the right to send spans.
traced = {}

# The function whose batch is in work, and the queue that it came from.
consumer = contextvars.ContextVar("consumer", default=None)


def function_arn(config):
    """A function's ARN, also before there is such a function."""
    return config.get("FunctionArn") or lambda_svc._func_arn(config.get("FunctionName", ""))


def may(config, action, resource):
    """Whether a function's role allows an action; policies of the resource count as they do for every call."""
    _, _, _, region, account, _ = function_arn(config).split(":", 5)
    role = config.get("Role", "").rsplit("/", 1)[-1]
    context = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{role}/{config.get('FunctionName', '')[:64]}",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=region,
        secure_transport=True,
    )
    limits = iam_evaluator._permissions_boundary(iam._roles, role, account)
    result = iam_evaluator.evaluate(context, iam_evaluator._gather_role_policies(role, account), *limits)
    policy = iam_evaluator._resource_policy(action.split(":")[0], resource)
    if policy is not None:
        result = iam_evaluator.combine_resource_policy(result, context, *policy, limits=limits)
    if result.decision != "Allow":
        decisions.refused(context.principal_arn, action, resource)
    return result.decision == "Allow"


def missing(config, service, operations, resource):
    """The refusal that names the first operation which the role does not allow; None if it allows all."""
    for operation in operations:
        if not may(config, f"{service.lower()}:{operation}", resource):
            return f"The provided execution role does not have permissions to call {operation} on {service}"
    return None


def refusal(message):
    return message and error_response_json("InvalidParameterValueException", message, 400)


def of_function(config):
    """Why Lambda takes no function of this configuration."""
    role = iam._roles.get(config.get("Role", "").rsplit("/", 1)[-1])
    if role is None:
        return None
    context = iam_evaluator.EvalContext("*", "Service", "", "sts:AssumeRole", "*", "", secure_transport=True)
    trust = iam_evaluator.evaluate_resource_policy(
        role.get("AssumeRolePolicyDocument"), context, service="lambda.amazonaws.com"
    )
    if trust.decision != "Allow":
        return "The role defined for the function cannot be assumed by Lambda."
    is_traced = (config.get("TracingConfig") or {}).get("Mode") == "Active"
    return missing(config, "XRAY", TRACE, "*") if is_traced else None


def of_mapping(data):
    """Why Lambda takes no mapping of a queue to this function."""
    name, _ = lambda_svc._resolve_request_scoped_name_and_qualifier(data.get("FunctionName", ""))
    function = lambda_svc._functions.get(name) if name else None
    source = data.get("EventSourceArn", "")
    if function is None or ":sqs:" not in source:
        return None
    return missing(function["config"], "SQS", CONSUME, source)


def of_destinations(name, data):
    """Why Lambda takes no such destination of a function."""
    function = lambda_svc._functions.get(name)
    destinations = (data.get("DestinationConfig") or {}).values() if function else ()
    topics = [it["Destination"] for it in destinations if ":sns:" in it.get("Destination", "")]
    refusals = (missing(function["config"], "SNS", ["Publish"], topic) for topic in topics)
    return next(filter(None, refusals), None)


@wrap(lambda_svc, "_create_function", ["data"])
def create_function(inner, data):
    return refusal(of_function(data)) or inner(data)


@wrap(lambda_svc, "_update_config", ["name", "data"])
def update_function(inner, name, data):
    known = (lambda_svc._functions.get(name) or {}).get("config")
    asks = known and {"Role", "TracingConfig"} & data.keys()
    return (asks and refusal(of_function({**known, **data}))) or inner(name, data)


@wrap(lambda_svc, "_create_esm", ["data"])
def create_mapping(inner, data):
    return refusal(of_mapping(data)) or inner(data)


@wrap(lambda_svc, "_put_event_invoke_config", ["func_name", "qualifier", "data"])
def put_destinations(inner, func_name, qualifier, data):
    return refusal(of_destinations(func_name, data)) or inner(func_name, qualifier, data)


def ask_in_stacks(kind, why_not):
    """CloudFormation's own way to the resource, which the engine takes past Lambda's API."""
    handlers = provisioners._RESOURCE_HANDLERS[kind]
    create = handlers["create"]

    def ask(logical_id, props, stack_name):
        if message := why_not(props):
            raise ValueError(message)
        return create(logical_id, props, stack_name)

    handlers["create"] = ask


ask_in_stacks("AWS::Lambda::Function", of_function)
ask_in_stacks("AWS::Lambda::EventSourceMapping", of_mapping)


@wrap(lambda_svc, "_sqs_esm_concurrency", ["esm", "func_rec", "config", "queue"])
def poll(inner, esm, func_rec, config, queue=None):
    """How many batches may be in work: none without the rights that each look into the queue takes."""
    source = esm.get("EventSourceArn", "")
    if not all(may(config, f"sqs:{it}", source) for it in ("GetQueueAttributes", "ReceiveMessage")):
        return 0
    return inner(esm, func_rec, config, queue)


@wrap(lambda_svc, "_run_sqs_batch", ["esm", "func_rec", "event", "batch", "queue_url", "queue_name"])
def run_batch(inner, esm, func_rec, *arguments):
    token = consumer.set((func_rec.get("config") or func_rec, esm.get("EventSourceArn", "")))
    try:
        inner(esm, func_rec, *arguments)
    finally:
        consumer.reset(token)


@wrap(sqs, "_delete_messages_for_esm", ["queue_url", "receipt_handles"])
def delete_messages(inner, queue_url, receipt_handles):
    known = consumer.get()
    if known is None or may(known[0], "sqs:DeleteMessage", known[1]):
        inner(queue_url, receipt_handles)


@wrap(lambda_svc, "_emit_lambda_logs", ["func", "request_id", "log_text", "error", "duration_ms", "log_source"])
def write_lines(inner, func, *arguments, **named):
    config = func.get("config") or func
    _, _, _, region, account, _ = function_arn(config).split(":", 5)
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
    arn = f"arn:aws:logs:{region}:{account}:log-group:{group}"
    if group not in cloudwatch_logs._log_groups and not may(config, "logs:CreateLogGroup", arn):
        return
    stream = f"{arn}:log-stream:{config.get('Version', '$LATEST')}"
    if all(may(config, f"logs:{it}", stream) for it in ("CreateLogStream", "PutLogEvents")):
        inner(func, *arguments, **named)


@wrap(lambda_svc, "_provided_worker_env", ["config", "code_dir", "port"])
def lead_spans(inner, config, code_dir, port):
    variables = inner(config, code_dir, port)
    if DAEMON in variables and not traced.get(config.get("FunctionArn"), True):
        variables[DAEMON] = "{}:{}".format(*nowhere.getsockname())
    return variables


@wrap(lambda_svc, "_execute_function_provided_warm", ["func", "event", "request_id"])
def ask_for_spans(inner, func, event, request_id):
    config = func.get("config") or func
    if DAEMON in os.environ and config.get("FunctionArn"):
        arn, now = config["FunctionArn"], may(config, "xray:PutTraceSegments", "*")
        before, traced[arn] = traced.get(arn, now), now
        if before != now:
            # Running environments send where they were started to.
            lambda_svc.invalidate_worker(config.get("FunctionName", ""))
    return inner(func, event, request_id)


@wrap(lambda_svc, "_route_async_failure", ["target_arn", "func_name", "event", "result"])
def route_failure(inner, target_arn, func_name, event, result):
    config = (lambda_svc._functions.get(func_name) or {}).get("config")
    if config is None or ":sns:" not in target_arn or may(config, "sns:Publish", target_arn):
        inner(target_arn, func_name, event, result)
