"""Whose key a request is signed with: random for each stack, and verified for everybody.

- The root user's key is the one that comes over stdin, so that no environment and no file has it: the engine takes
  `test`, every number of 12 digits and no key at all for root, and verifies none of their signatures.
- Keys of functions are random: the engine derives them from the function's ARN, so anybody could.
- A token for AssumeRoleWithWebIdentity must be signed: the engine believes its claims.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import base64
import collections
import json
import os
import secrets
import sys
import time
import types

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.responses import get_account_id
from ministack.services import cognito, lambda_svc, sts

from pinned import wrap

ROOT = json.loads(sys.stdin.readline())
ROOT_KEY = ROOT["access_key_id"]
# RFC 4648's alphabet, which AWS's key ids are made of.
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

# The evaluator looks the root user's key up in the environment, which functions inherit: this one is its alone.
iam_evaluator.os = types.SimpleNamespace(
    environ=collections.ChainMap(
        {"AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT["secret_access_key"]},
        os.environ,
    )
)


def is_root(_, access_key_id):
    return access_key_id == ROOT_KEY


for module in (iam_evaluator, sts):
    wrap(module, "is_root_access_key", ["access_key_id"])(is_root)


@wrap(iam_evaluator, "_is_root_key", ["access_key_id"])
def is_exempt(_, access_key_id):
    """Whose signature is not verified: nobody's."""
    return False


@wrap(iam_evaluator, "resolve_caller_identity", ["access_key_id"])
def identify(inner, access_key_id):
    # The engine looks among those whom it exempts.
    if access_key_id != ROOT_KEY:
        return inner(access_key_id)
    account = get_account_id()
    return {
        "accessKey": access_key_id,
        "accountId": account,
        "userArn": f"arn:aws:iam::{account}:root",
        "userId": account,
        "principalOrgId": iam_evaluator._principal_org_id(account),
        "session": None,
    }


# By function and role: an environment keeps its key as long as it lives.
issued = {}


def fresh_key():
    return {
        "AWS_ACCESS_KEY_ID": "ASIA" + "".join(secrets.choice(BASE32) for _ in range(16)),
        "AWS_SECRET_ACCESS_KEY": base64.b64encode(secrets.token_bytes(30)).decode(),
        "AWS_SESSION_TOKEN": base64.b64encode(secrets.token_bytes(96)).decode(),
    }


def issue_key(_, config):
    account, _ = lambda_runtime._account_region_from_function_config(config)
    role = config.get("Role", "").rsplit("/", 1)[-1]
    session = config.get("FunctionName", "")[:64]
    key = issued.setdefault((config.get("FunctionArn", ""), config.get("Role", "")), fresh_key())
    record = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "UserId": f"{role}:{session}",
        "SecretAccessKey": key["AWS_SECRET_ACCESS_KEY"],
        "SessionToken": key["AWS_SESSION_TOKEN"],
    }
    sts.register_session(key["AWS_ACCESS_KEY_ID"], record)
    return dict(key)


for module in (lambda_runtime, lambda_svc):
    wrap(module, "execution_credentials", ["config"])(issue_key)


@wrap(sts, "_web_identity_principal", ["token", "provider_id", "role_arn"])
def name_verified_principal(inner, token, provider_id, role_arn):
    expires = cognito._token_claims(token).get("exp")
    is_valid = isinstance(expires, (int, float)) and time.time() < expires and cognito._signature_valid(token)
    # No trust policy names nobody.
    return inner(token, provider_id, role_arn) if is_valid else ("", {})
