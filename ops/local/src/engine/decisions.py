"""Keeps a record of what policies decided, for tests to read: which statement allowed or denied what, and to whom.

One JSON object a line in policy-decisions.jsonl, beside the log. The use of a statement is written once for each
principal, action and resource pattern; a refusal each time, so that whoever waits for one sees it.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import contextvars
import dataclasses
import json
import threading

from ministack.core import iam_evaluator
from ministack.services import sns, sqs

from pinned import wrap

RECORD = open("policy-decisions.jsonl", "w", encoding="utf-8")
lock = threading.Lock()
written = set()

# The statements that matched in the evaluation in work, each with the pattern that named the resource.
matched = contextvars.ContextVar("matched", default=None)


def write(entry):
    with lock:
        RECORD.write(json.dumps(entry) + "\n")
        RECORD.flush()


def write_once(**entry):
    key = tuple(entry.values())
    with lock:
        is_new = key not in written
        written.add(key)
    if is_new:
        write(entry)


def refused(principal, action, resource):
    write({"principal": name_of(principal), "action": action, "resource": resource, "effect": "Refused"})


def name_of(principal):
    """The role's name for a session of it, so that all sessions of a role are one principal."""
    return principal.split("/")[1] if ":assumed-role/" in principal else principal


@wrap(iam_evaluator, "_first_match", ["ctx", "stmts", "effect"])
def note_the_statement(inner, ctx, stmts, effect):
    found = inner(ctx, stmts, effect)
    notes = matched.get()
    if found is not None and notes is not None:
        notes.append((found, pattern(ctx, stmts, found)))
    return found


def pattern(ctx, stmts, found):
    """The pattern as the policy states it: what was found may have its variables filled in."""
    stated = next((it for it in stmts if dataclasses.replace(it, resources=found.resources) == found), found)
    named = zip(stated.resources, found.resources, strict=True)
    return next((it for it, filled in named if iam_evaluator.fnmatch_iam_cs(ctx.resource_arn, filled)), "")


@wrap(iam_evaluator, "evaluate", ["ctx", "policies", "limits"])
def note_the_decision(inner, ctx, policies, *limits):
    notes = []
    token = matched.set(notes)
    try:
        result = inner(ctx, policies, *limits)
    finally:
        matched.reset(token)
    for statement, resource in notes:
        if statement.effect == result.decision:
            write_once(
                principal=name_of(ctx.principal_arn),
                action=ctx.action,
                resource=resource,
                effect=statement.effect,
                sid=statement.sid,
            )
    return result


@wrap(
    iam_evaluator,
    "enforce",
    ["access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"],
)
def note_the_refusal(inner, access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    result = inner(access_key_id, iam_action, service, region, resource_arn, service_context)
    if isinstance(result, iam_evaluator.EvalResult):
        refused(result.principal_arn, iam_action, resource_arn)
    return result


def note_refused_deliveries(module, name, parameter, action):
    @wrap(module, name, [parameter, "service", "source_arn", "source_account"])
    def ask(inner, resource, service, source_arn, source_account):
        allowed = inner(resource, service, source_arn, source_account)
        if not allowed:
            refused(service, action, resource)
        return allowed


note_refused_deliveries(sqs, "queue_policy_allows", "queue_arn", "sqs:SendMessage")
note_refused_deliveries(sns, "topic_policy_allows", "topic_arn", "sns:Publish")
