"""Refuses tokens that AWS refuses and the engine takes.

- at a JWT authorizer: refresh tokens, which are no JWT on AWS, and tokens without a time of expiry
- at an identity pool: an ID token past its expiry or of a user who was signed out, disabled or deleted, a call for an
  identity that no pool has, nobody's where the pool lets only signed-in users in, and anybody's where the trust policy
  of the pool's role does not let the pool assume it

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import json
import time

from ministack.core import iam_evaluator
from ministack.services import apigateway, cognito, iam

import decisions
from pinned import wrap

COGNITO = "cognito-identity.amazonaws.com"
TIMES = ("exp", "nbf", "iat")


@wrap(apigateway, "_validate_jwt_authorizer", ["route", "authorizer", "headers", "query_params"])
async def refuse_other_tokens(inner, route, authorizer, headers, query_params):
    source = authorizer.get("identitySource", [])
    token = apigateway._extract_token_from_identity_source(source, headers, query_params)
    if token and not is_good_jwt(token):
        return None, None, apigateway._jwt_unauthorized()
    return await inner(route, authorizer, headers, query_params)


def is_good_jwt(token):
    """Whether a token has the form that the engine's own checks assume; it checks signature, issuer and audience."""
    try:
        header, claims = (json.loads(apigateway._b64url_decode(part)) for part in token.split(".")[:2])
    except (ValueError, RecursionError):
        return False
    if not isinstance(header, dict) or not isinstance(claims, dict) or header.get("alg") != "RS256":
        return False
    times = [claims[name] for name in TIMES if name in claims]
    return "exp" in claims and all(is_time(value) for value in times) and claims.get("token_use") != "refresh"


def is_time(value):
    # Infinity and NaN are numbers to Python's JSON.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1 << 53


@wrap(cognito, "_identity_logins_error", ["pool", "identity_id", "logins"])
def check_logins(inner, pool, identity_id, logins):
    failure = inner(pool, identity_id, logins)
    if failure is not None:
        return failure
    if not logins:
        if pool.get("AllowUnauthenticatedIdentities") in (True, "true"):
            return None
        return refused("Unauthenticated access is not supported for this identity pool.")
    for provider, token in logins.items():
        claims = cognito._token_claims(token)
        now = int(time.time())
        if provider.startswith("cognito-idp.") and now >= claims["exp"]:
            return refused(f"Invalid login token. Token expired: {now} >= {claims['exp']}")
        if asks_the_user_pool(pool, provider, claims) and not is_signed_in(provider, claims):
            return refused("Invalid login token. Token is not valid: the user is signed out, disabled or deleted.")
    return None


def asks_the_user_pool(pool, provider, claims):
    own = [it for it in pool.get("CognitoIdentityProviders") or []
           if it.get("ProviderName") == provider and it.get("ClientId") == claims.get("aud")]
    return any(it.get("ServerSideTokenCheck") in (True, "true") for it in own)


def is_signed_in(provider, claims):
    pool, _ = cognito._resolve_pool(provider.rsplit("/", 1)[-1])
    users = pool["_users"].values() if pool else []
    user = next((it for it in users if attributes(it).get("sub") == claims.get("sub")), None)
    if user is None or not user.get("Enabled", True):
        return False
    signed_out = claims.get("iat", 0) < int(user.get("_signout_at", 0))
    return not signed_out and claims.get("origin_jti") not in cognito._revoked_tokens


def attributes(user):
    return cognito._attr_list_to_dict(user.get("Attributes", []))


@wrap(cognito, "_get_credentials_for_identity", ["data"])
def know_the_identity(inner, data):
    identity = data.get("IdentityId")
    pools = cognito._identity_pools.values()
    pool = next((it for it in pools if identity in it.get("_identities", {})), None)
    if pool is None:
        return cognito.error_response_json("ResourceNotFoundException", f"Identity '{identity}' not found.", 400)
    # After the checks of the logins, whose reasons are the user's.
    answer = inner(data)
    if answer[0] == 200 and not may_assume(pool, "authenticated" if data.get("Logins") else "unauthenticated"):
        message = "Invalid identity pool configuration. Check assigned IAM roles for this pool."
        return cognito.error_response_json("InvalidIdentityPoolConfigurationException", message, 400)
    return answer


def may_assume(pool, flavour):
    """Whether the trust policy of the pool's role lets the pool assume it for such a user, tags and all."""
    role_arn = pool.get("_roles", {}).get(flavour, "")
    role = iam._roles.get(role_arn.rsplit("/", 1)[-1]) or {}
    trust = role.get("AssumeRolePolicyDocument") or "{}"
    stated = (json.loads(trust) if isinstance(trust, str) else trust).get("Statement", [])
    of_cognito = [it for it in stated if COGNITO in listed((it.get("Principal") or {}).get("Federated"))]
    statements = iam_evaluator.parse_policy_document({"Statement": of_cognito})
    actions = ["sts:AssumeRoleWithWebIdentity"]
    if pool.get("_principal_tags"):
        actions.append("sts:TagSession")
    keys = {f"{COGNITO}:aud": pool.get("IdentityPoolId"), f"{COGNITO}:amr": [flavour]}
    for action in actions:
        context = iam_evaluator.EvalContext(COGNITO, "FederatedUser", "", action, role_arn, "", service_context=keys)
        if iam_evaluator.evaluate(context, [statements]).decision != "Allow":
            decisions.refused(COGNITO, action, role_arn)
            return False
    return True


def listed(value):
    return value if isinstance(value, list) else [value]


def refused(message):
    return cognito.error_response_json("NotAuthorizedException", message, 400)
