"""Does with the signature of an S3 request what the engine leaves out.

- a header x-amz-* that is not signed is refused: one such as x-amz-copy-source changes what the request does
- a request that is signed twice, in its query and in a header, is refused
- policies get s3:authType, s3:signatureversion and s3:signatureAge

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import contextvars
import datetime
import importlib

from ministack.core import iam_evaluator
from ministack.services import s3

from pinned import wrap

# By name, because the package has the application itself under `app`.
application = importlib.import_module("ministack.app")

ALGORITHMS = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
NOT_SIGNED = "There were headers present in the request which were not signed"
TWICE = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
    "or the Authorization header should be specified"
)
# The canonical request holds its value, as the hash of the payload.
SIGNED_BY_VALUE = {"x-amz-content-sha256"}

# The condition keys of the request in work.
condition_keys = contextvars.ContextVar("condition_keys", default={})


def of_query(query_params, name):
    values = query_params.get(name, query_params.get(name.lower())) or [""]
    return values[0] if isinstance(values, list) else values


@wrap(application, "pin_signed_request", ["method", "raw_path", "query_params", "raw_headers", "handshake"])
def see_signature(inner, method, raw_path, query_params, raw_headers):
    authorization = next((value for name, value in raw_headers if name.lower() == b"authorization"), b"")
    condition_keys.set(keys(authorization.decode("latin-1"), query_params or {}))
    inner(method, raw_path, query_params, raw_headers)


def keys(authorization, query_params):
    if of_query(query_params, "X-Amz-Algorithm"):
        found = {"s3:authtype": "REST-QUERY-STRING", "s3:signatureversion": of_query(query_params, "X-Amz-Algorithm")}
        age = age_in_milliseconds(of_query(query_params, "X-Amz-Date"))
        # On AWS the key works for presigned URLs only.
        return found if age is None else {**found, "s3:signatureage": str(age)}
    if of_query(query_params, "AWSAccessKeyId"):
        return {"s3:authtype": "REST-QUERY-STRING", "s3:signatureversion": "AWS"}
    if authorization:
        return {"s3:authtype": "REST-HEADER", "s3:signatureversion": authorization.split(" ", 1)[0]}
    return {}


def age_in_milliseconds(amz_date):
    try:
        signed_at = datetime.datetime.strptime(amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return None
    age = datetime.datetime.now(datetime.timezone.utc) - signed_at
    return max(0, round(age.total_seconds() * 1000))


@wrap(iam_evaluator, "_resolve_condition_key", ["key", "ctx"])
def add_condition_keys(inner, key, ctx):
    found = inner(key, ctx)
    if found is None and ctx.action.startswith("s3:"):
        return condition_keys.get().get(key.lower())
    return found


# Called for every request to S3, whether it is presigned or not.
@wrap(s3, "_verify_presigned_sigv4", ["method", "path", "headers", "query_params"])
def refuse_unsigned_headers(inner, method, path, headers, query_params):
    by_query = of_query(query_params, "X-Amz-Algorithm") in ALGORITHMS
    authorization = headers.get("authorization", "")
    if by_query and authorization:
        extra = {"ArgumentName": "Authorization", "ArgumentValue": authorization}
        return s3._error("InvalidArgument", TWICE, 400, path, extra)
    failure = inner(method, path, headers, query_params)
    if failure is not None or not (by_query or authorization.startswith(ALGORITHMS)):
        return failure
    listed = of_query(query_params, "X-Amz-SignedHeaders") if by_query else field(authorization, "SignedHeaders")
    signed = set(listed.split(";")) | SIGNED_BY_VALUE
    unsigned = sorted(name for name in headers if name not in signed and (name == "host" or name.startswith("x-amz-")))
    if unsigned:
        return s3._error("AccessDenied", NOT_SIGNED, 403, path, {"HeadersNotSigned": ", ".join(unsigned)})
    return None


def field(authorization, name):
    fields = (part.strip().partition("=") for part in authorization.split(" ", 1)[-1].split(","))
    return next((value for found, _, value in fields if found == name), "")
