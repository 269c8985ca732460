"""Asks the policies of functions and topics before a service of AWS uses them, as the engine does for queues alone.

- API Gateway and EventBridge invoke a function by its policy, or not at all
- CloudWatch publishes to a topic by its policy; `ops`, which evaluates the alarms, signs as root and names the service
  and the alarm in two parameters of its own

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import contextvars
import json

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import apigateway, eventbridge, lambda_svc, sns

import access_log
import decisions
from pinned import wrap

# What the access log of an API shows where AWS's does.
NOT_ALLOWED = (
    "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. "
    "Check the permissions and try again."
)
SERVICE, SOURCE = "Local.Service", "Local.SourceArn"

# The rule whose target is invoked, and the service and resource that a message is published for.
rule_in_work = contextvars.ContextVar("rule_in_work", default="")
publisher = contextvars.ContextVar("publisher", default=None)


def may_invoke(function, service, source):
    """Whether a function's policy lets a service invoke it for a resource."""
    arn = function["config"]["FunctionArn"]
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=arn,
        region=get_region(),
        secure_transport=True,
        service_context={"aws:sourcearn": source, "aws:sourceaccount": get_account_id()},
    )
    decision = iam_evaluator.evaluate_resource_policy(function.get("policy"), context, service=service).decision
    if decision != "Allow":
        decisions.refused(service, context.action, arn)
    return decision == "Allow"


def base_function(reference):
    name, _ = lambda_svc._resolve_request_scoped_name_and_qualifier(reference)
    return lambda_svc._functions.get(name) if name else None


@wrap(
    apigateway,
    "_invoke_lambda_proxy",
    [
        *("integration", "api_id", "stage", "path", "method", "headers", "body", "query_params"),
        *("route_key", "path_params", "authorizer_claims", "authorizer_scopes", "authorizer_lambda_context"),
        *("authorizer_iam", "owner_account_id", "owner_region", "raw_query_string"),
    ],
)
async def invoke_for_api(inner, integration, api_id, stage, path, method, *arguments, **named):
    reference = apigateway._extract_lambda_ref_from_integration_uri(integration.get("integrationUri", ""))
    function = base_function(reference)
    route = arguments[3] if len(arguments) > 3 else named.get("route_key", "$default")
    resource = route.replace(" ", "", 1) if " /" in route else f"*/{route}"
    source = f"arn:aws:execute-api:{get_region()}:{get_account_id()}:{api_id}/{stage}/{resource}"
    if function is None or may_invoke(function, "apigateway.amazonaws.com", source):
        return await inner(integration, api_id, stage, path, method, *arguments, **named)
    access_log.integrated.get({})["integrationErrorMessage"] = NOT_ALLOWED
    return 500, {"Content-Type": "application/json"}, json.dumps({"message": "Internal Server Error"}).encode()


@wrap(eventbridge, "_invoke_target", ["target", "event", "rule", "view"])
def remember_the_rule(inner, target, event, rule, view=None):
    token = rule_in_work.set(rule.get("Arn", ""))
    try:
        inner(target, event, rule, view)
    finally:
        rule_in_work.reset(token)


@wrap(eventbridge, "_dispatch_to_lambda", ["arn", "payload"])
def invoke_for_rule(inner, arn, payload):
    function = base_function(arn)
    if function is None or may_invoke(function, "events.amazonaws.com", rule_in_work.get()):
        inner(arn, payload)


@wrap(sns, "_publish", ["params"])
def publish_for_service(inner, params):
    service = sns._p(params, SERVICE)
    is_root = iam_evaluator.caller_arn().endswith(":root")
    token = publisher.set((service, sns._p(params, SOURCE)) if service and is_root else None)
    try:
        return inner(params)
    finally:
        publisher.reset(token)


@wrap(sns, "_enforce_topic_policy", ["topic", "iam_action"])
def ask_the_topic(inner, topic, iam_action):
    if (publishing := publisher.get()) is None:
        return inner(topic, iam_action)
    service, source = publishing
    if sns.topic_policy_allows(topic["arn"], service, source, get_account_id()):
        return None
    message = f"User: {service} is not authorized to perform: {iam_action} on resource: {topic['arn']}"
    return sns._error("AuthorizationError", message, 403)
