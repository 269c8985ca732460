"""Completes the engine's policy evaluation by what it does not find out by itself.

The evaluation stays the engine's, and the policies stay the template's. Supplied are
- session tags of an identity pool's credentials, by the pool's mapping of claims
- policy variables such as ${aws:PrincipalTag/sub} in resources
- the action of a request in Smithy's RPC v2, whose path names the operation: the engine asks no policy about it
- the condition key cloudwatch:namespace
- the resource of logs:CreateLogStream, which is the stream
- objects whose keys have empty parts, such as user-uploads//x, which the engine would take for user-uploads/x
- that an object is missing is for those to know who may list the bucket; others get 403, as on AWS

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import dataclasses
import json
import re

import cbor2
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_region
from ministack.core.router import extract_access_key_id
from ministack.services import cognito, s3, sts

from pinned import wrap

VARIABLE = re.compile(r"\$\{([^}]+)\}")
RPC = re.compile(r"/service/[^/]+/operation/(\w+)")


@wrap(iam_actions, "extract_iam_action", ["service", "method", "path", "headers", "body", "query_params"])
def name_the_action(inner, service, method, path, headers, body, query_params):
    named = RPC.fullmatch(path)
    if named and service in iam_actions.SERVICE_TO_IAM_NAMESPACE:
        return f"{iam_actions.SERVICE_TO_IAM_NAMESPACE[service]}:{named[1]}"
    return inner(service, method, path, headers, body, query_params)


@wrap(sts, "register_session", ["access_key", "session"])
def tag_session(inner, access_key, session):
    pool = cognito._identity_pools.get(session.get("_identity_pool_id") or "") or {}
    tags = []
    for provider, token in (session.get("_logins") or {}).items():
        mapping = (pool.get("_principal_tags") or {}).get(provider) or {}
        claims = cognito._token_claims(token)
        for tag, claim in (mapping.get("PrincipalTags") or {}).items():
            if isinstance(claims.get(claim), str):
                tags.append({"Key": tag, "Value": claims[claim]})
    if tags:
        session["SessionTags"] = tags
    inner(access_key, session)


@wrap(iam_evaluator, "_first_match", ["ctx", "stmts", "effect"])
def fill_in_variables(inner, ctx, stmts, effect):
    def value(variable):
        known = iam_evaluator._resolve_condition_key(variable[1], ctx)
        # A statement whose variable is unknown never matches, and a value is no pattern.
        return known if isinstance(known, str) and not set("*?") & set(known) else variable[0]

    def filled(statement):
        resources = [VARIABLE.sub(value, resource) for resource in statement.resources]
        return dataclasses.replace(statement, resources=resources)

    copies = [filled(statement) for statement in stmts]
    return inner(ctx, copies, effect)


@wrap(iam_actions, "request_tag_context", ["service", "iam_action", "body", "params"])
def name_the_namespace(inner, service, iam_action, body, params):
    context = inner(service, iam_action, body, params)
    if iam_action == "cloudwatch:PutMetricData":
        context = {**context, "cloudwatch:namespace": namespace(body, params)}
    return context


@wrap(
    iam_actions,
    "extract_resource_arn",
    ["service", "method", "path", "headers", "body", "query_params", "region", "account_id"],
)
def name_the_resource(inner, *arguments):
    service, _, path, headers, body, _, region, account = arguments
    if RPC.fullmatch(path):
        # The engine would take it for JSON.
        alarm = members(body).get("AlarmName")
        return f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm}" if alarm else "*"
    resource = inner(*arguments)
    if service == "s3":
        bucket, key = s3._parse_bucket_key(path, headers)
        return f"arn:aws:s3:::{bucket}/{key}" if key else resource
    if headers.get("x-amz-target", "").endswith(".CreateLogStream"):
        resource = f"{resource}:log-stream:{json.loads(body).get('logStreamName', '')}"
    return resource


def hide_what_is_missing(name):
    @wrap(s3, name, ["bucket_name", "key", "headers", "query_params"])
    def answer(inner, bucket_name, key, headers, query_params=None):
        answer = inner(bucket_name, key, headers, query_params)
        caller = extract_access_key_id(headers or {}, query_params or {})
        if answer[0] != 404 or not caller:
            return answer
        bucket = f"arn:aws:s3:::{bucket_name}"
        if iam_evaluator.enforce(caller, "s3:ListBucket", "s3", get_region(), resource_arn=bucket) is None:
            return answer
        return s3._error("AccessDenied", "Access Denied", 403, f"/{bucket_name}/{key}")


hide_what_is_missing("_get_object")
hide_what_is_missing("_head_object")


def namespace(body, params):
    """PutMetricData comes as CBOR, as JSON or as a form, which the engine has parsed already."""
    if body[:1] == b"{":
        return json.loads(body).get("Namespace", "")
    if body[:1] >= b"\x80":
        return members(body).get("Namespace", "")
    named = params.get("Namespace", "")
    return named[0] if isinstance(named, list) else named


def members(body):
    """Of a request in CBOR; one that is none has no members, and is refused later."""
    try:
        found = cbor2.loads(body)
    except cbor2.CBORError:
        return {}
    return found if isinstance(found, dict) else {}
