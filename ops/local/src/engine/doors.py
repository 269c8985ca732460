"""Decides which requests the engine answers at all: see docs/decisions/local-engine.md.

- `Host` must be one of our own names: a page can let its own name point to loopback, and would then read answers.
- A path below `/_` must be one of two: the others reset, configure and show everything to anybody.
- Every request has a signature that verifies. What needs none is listed here, and nowhere else.
- CORS headers are those of the bucket, of the API, or of what Cognito answers to whoever asks, and no others: the engine
  lets every page read everything.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import contextvars
import importlib
import re
from urllib.parse import parse_qs

from ministack.core import iam_evaluator
from ministack.core.iam_actions import anonymous_denial_message
from ministack.core.router import detect_service, extract_access_key_id
from ministack.services import cognito, s3

import sign_up
from pinned import wrap

# By name, because the package has the application itself under `app`.
application = importlib.import_module("ministack.app")

# With any port: it is the one that the client connected to, through whatever forwards it, and no page can choose it.
HOST = re.compile(rb"(127\.0\.0\.1|localhost)(:\d{1,5})?", re.IGNORECASE)

# What needs no signature.
HEALTH = {("GET", "/_ministack/health"), ("GET", "/_ministack/ready")}
APIS = "/_aws/execute-api/"
SIGN_IN = {
    ("GET", "/oauth2/authorize"),
    ("GET", "/oauth2/userInfo"),
    ("GET", "/logout"),
    ("POST", "/login"),
    ("POST", "/oauth2/login"),
    ("POST", "/oauth2/token"),
    ("POST", "/oauth2/userInfo"),
    *sign_up.PATHS,
}
# What a page in a browser may read: a code and a verifier are exchanged for tokens, and nothing else identifies the caller.
TOKENS = "/oauth2/token"
KEY_SETS = re.compile(r"/([\w-]+)/\.well-known/(jwks\.json|openid-configuration)")
# The operations that AWS's own models mark as unsigned: who calls them shows a password, a code or a token.
USER_POOL = "AWSCognitoIdentityProviderService."
IDENTITY_POOL = "AWSCognitoIdentityService."
OPERATIONS = {
    *(
        USER_POOL + operation
        for operation in (
            *("AssociateSoftwareToken", "ChangePassword", "CompleteWebAuthnRegistration", "ConfirmDevice"),
            *("ConfirmForgotPassword", "ConfirmSignUp", "DeleteUser", "DeleteUserAttributes"),
            *("DeleteWebAuthnCredential", "ForgetDevice", "ForgotPassword", "GetDevice", "GetTokensFromRefreshToken"),
            *("GetUser", "GetUserAttributeVerificationCode", "GetUserAuthFactors", "GlobalSignOut", "InitiateAuth"),
            *("ListDevices", "ListWebAuthnCredentials", "ResendConfirmationCode", "RespondToAuthChallenge"),
            *("RevokeToken", "SetUserMFAPreference", "SetUserSettings", "SignUp", "StartWebAuthnRegistration"),
            *("UpdateAuthEventFeedback", "UpdateDeviceStatus", "UpdateUserAttributes", "VerifySoftwareToken"),
            "VerifyUserAttribute",
        )
    ),
    *(IDENTITY_POOL + operation for operation in ("GetCredentialsForIdentity", "GetId", "GetOpenIdToken")),
}
FORM_ACTIONS = {"AssumeRoleWithWebIdentity"}

COGNITO_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Expose-Headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
    "Access-Control-Max-Age": "172800",
}

# Of the request in work: whether it is one of the operations above, and whether CORS headers are its resource's own.
is_operation = contextvars.ContextVar("is_operation", default=False)
has_own_cors = contextvars.ContextVar("has_own_cors", default=False)


def is_page(method, path):
    """Whether the sign-in, its key sets or the health answer this, and nothing else does."""
    if (method, path) in HEALTH or (method, path) in SIGN_IN:
        return True
    key_set = KEY_SETS.fullmatch(path)
    # The engine takes what is of no pool for an object of a bucket.
    return method == "GET" and key_set is not None and cognito._get_pool_unscoped(key_set[1]) is not None


def is_preflight(method, path, headers, query):
    """Whether a browser asks for a bucket's CORS rules."""
    return method == "OPTIONS" and is_of_bucket(method, path, headers, query)


def is_preflight_of_cognito(method, path, headers):
    """Whether a browser asks if a page may call Cognito, which AWS lets every page do. A header of signatures is not
    asked for then: all services are at this address, and those that want one are no page's."""
    if (method, path) != ("OPTIONS", "/") or headers.get("access-control-request-method") != "POST":
        return False
    asked = {name.strip() for name in headers.get("access-control-request-headers", "").lower().split(",")}
    return "x-amz-target" in asked and "authorization" not in asked


def is_of_bucket(method, path, headers, query):
    is_s3 = detect_service(method, path, headers, query) == "s3"
    return is_s3 and application._s3_cors_target(headers["host"], path) is not None


def is_unsigned_operation(method, path, headers, body, query):
    if (method, path) != ("POST", "/") or query or "authorization" in headers:
        return False
    target = headers.get("x-amz-target")
    if target is not None:
        return target in OPERATIONS
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return False
    actions = parse_qs(body.decode("utf-8", "replace")).get("Action", [])
    return len(actions) == 1 and actions[0] in FORM_ACTIONS


def guard(app):
    """The application around `app` that only answers to our own names, and to paths that are open."""

    async def answer(scope, receive, send):
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        is_operation.set(False)
        has_own_cors.set(False)
        hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
        if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
            await refuse(send, 421, "this engine answers only to 127.0.0.1 and localhost")
        elif is_closed(scope["method"], scope["path"]):
            await refuse(send, 403, "this path is closed")
        else:
            await app(scope, receive, without_foreign_cors(send))

    return answer


def is_closed(method, path):
    return path.startswith("/_") and (method, path) not in HEALTH and not path.startswith(APIS)


def without_foreign_cors(send):
    async def pass_on(message):
        if message["type"] == "http.response.start" and not has_own_cors.get():
            headers = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": headers}
        await send(message)

    return pass_on


async def refuse(send, status, message):
    body = f"{message}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@wrap(application, "_handle_pre_body_request", ["method", "path", "headers", "query_params", "request_id"])
async def before_the_body(inner, method, path, headers, query, request_id):
    has_own_cors.set(path == TOKENS or path.startswith(APIS) or is_of_bucket(method, path, headers, query))
    if is_preflight_of_cognito(method, path, headers):
        has_own_cors.set(True)
        return 200, {**COGNITO_CORS, "Access-Control-Allow-Headers": headers["access-control-request-headers"]}, b""
    if is_page(method, path) or is_preflight(method, path, headers, query):
        return await inner(method, path, headers, query, request_id)
    return None


@wrap(application, "_handle_post_body_shortcuts", ["method", "path", "headers", "body", "query_params", "request_id"])
async def after_the_body(inner, method, path, headers, body, query, request_id):
    """Answers for the application when a request may not go further."""
    if path.startswith(APIS):
        return None
    if (method, path) in sign_up.PATHS:
        return sign_up.answer(method, path, headers, body, query)
    if is_page(method, path):
        answer = await inner(method, path, headers, body, query, request_id)
        if answer is not None:
            return answer
    if is_unsigned_operation(method, path, headers, body, query):
        is_operation.set(True)
        has_own_cors.set("x-amz-target" in headers)
        return None
    refused = refusal(method, path, headers, body, query, request_id)
    if refused is None:
        return None
    status, own, text = refused
    if is_of_bucket(method, path, headers, query):
        # As S3 does, so that a page can read why its upload was refused.
        bucket, _ = application._s3_cors_target(headers["host"], path)
        own = {**own, **s3.cors_response_headers(bucket, method, headers)}
    return status, {"x-amz-request-id": request_id, **own}, b"" if method == "HEAD" else text


def refusal(method, path, headers, body, query, request_id):
    """The answer to a request whose signature does not verify, in its service's form; None if it does."""
    service = detect_service(method, path, headers, application._routing_params(method, path, headers, body, query))
    is_presigned = iam_evaluator._s3_presigned_query(query)
    if is_presigned and (failure := s3._verify_presigned_sigv4(method, path, headers, query)):
        return failure
    key = extract_access_key_id(headers, query)
    denied = iam_evaluator.check_credentials(key, service)
    if denied is None and not is_presigned and iam_evaluator._verified_key.get() != key:
        denied = iam_evaluator.AuthError("UnsupportedSignature", "The request signature is of no known kind.")
    if iam_evaluator._anonymous.get():
        message = anonymous_denial_message(service, "", "*")
        denied = iam_evaluator.AuthError("MissingAuthenticationToken", message)
    return denied and application._credential_failure(service, "", request_id, denied, headers)


@wrap(
    iam_evaluator,
    "enforce",
    ["access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"],
)
def allow_unsigned_operations(inner, *arguments, **named):
    return None if is_operation.get() else inner(*arguments, **named)


@wrap(
    application,
    "_enforce_execute_api",
    ["api_id", "stage", "method", "execute_path", "headers", "query_params", "iam_action"],
)
def leave_the_rest_to_the_api(inner, api_id, stage, method, path, headers, query, iam_action="execute-api:Invoke"):
    # No route is no permission that could be missing: the API answers a preflight, or that there is none.
    is_call = iam_action == "execute-api:Invoke"
    if is_call and application._execute_api_authorization_type(api_id, stage, method, path) is None:
        return None
    return inner(api_id, stage, method, path, headers, query, iam_action)
