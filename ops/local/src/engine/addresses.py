"""Gives out addresses that lead somewhere, and takes loopback for as safe as TLS.

- An API's endpoint has a host name that nothing on the machine resolves; the engine answers on a path as well.
- Policies refuse plain HTTP. Clients that are not ours, such as the AWS CLI, cannot state that loopback needs no TLS;
  one that sends `x-forwarded-proto: http` is believed.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import contextvars
import importlib
import inspect
import os

from ministack.services import apigateway
from ministack.services.cloudformation import provisioners

from pinned import wrap

PORT = os.environ["GATEWAY_PORT"]

# By name, because the package has the application itself under `app`.
application = importlib.import_module("ministack.app")


IS_PLAIN = contextvars.ContextVar("is_plain", default=False)


def hear_of_plain_http(app):
    """The application around `app` that remembers whether a request states that it came without TLS."""

    async def hear(scope, receive, send):
        if scope["type"] == "http":
            scheme = dict(scope["headers"]).get(b"x-forwarded-proto", b"")
            IS_PLAIN.set(scheme.split(b",")[0].strip().lower() == b"http")
        await app(scope, receive, send)

    return hear


@wrap(application, "pin_request_origin", ["source_ip", "secure_transport"])
def trust_loopback(inner, source_ip, _):
    inner(source_ip, not IS_PLAIN.get())


API = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
create = API["create"]
if list(inspect.signature(create).parameters) != ["logical_id", "props", "stack_name"]:
    raise SystemExit("APIs are not made like that: not the pinned engine")


def create_with_address(logical_id, props, stack_name):
    api_id, attributes = create(logical_id, props, stack_name)
    endpoint = f"http://127.0.0.1:{PORT}/_aws/execute-api/{api_id}/$default"
    apigateway._apis[api_id]["apiEndpoint"] = endpoint
    return api_id, {**attributes, "ApiEndpoint": endpoint}


API["create"] = create_with_address
