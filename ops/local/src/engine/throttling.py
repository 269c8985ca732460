"""Refuses calls of an HTTP API beyond the rate and the burst of its stage, as API Gateway does: 429.

A token bucket for each route: `ThrottlingBurstLimit` tokens, refilled with `ThrottlingRateLimit` a second (API Gateway
developer guide, "Throttle requests to your HTTP APIs"). The bucket is asked before the authorizer, so that forged tokens
cannot be tried without limit; whether AWS asks in this order was not tried.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import time

from ministack.services import apigateway

from pinned import wrap

REFUSAL = b'{"message":"Too Many Requests"}'


class Bucket:
    def __init__(self, burst):
        self.tokens = burst
        self.at = time.monotonic()

    def take(self, rate, burst):
        """Whether there was a token; a stage that was updated counts from now on."""
        now = time.monotonic()
        self.tokens = min(burst, self.tokens + (now - self.at) * rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


# By API, stage and route.
buckets = {}


@wrap(
    apigateway,
    "_handle_execute_in_scope",
    [
        *("api_id", "stage", "path", "method", "headers", "body", "query_params"),
        *("owner_account_id", "owner_region", "raw_query_string"),
    ],
)
async def throttle(inner, api_id, stage, path, method, *arguments, **named):
    if not admits(api_id, stage, path, method):
        return 429, {"Content-Type": "application/json"}, REFUSAL
    return await inner(api_id, stage, path, method, *arguments, **named)


def admits(api_id, stage, path, method):
    # API Gateway answers these itself, by the API's CORS configuration.
    route = None if method == "OPTIONS" else apigateway._match_route(api_id, method, "/" + path.lstrip("/"))
    settings = route and settings_of(api_id, stage, route["routeKey"])
    if not settings:
        return True
    rate, burst = settings
    bucket = buckets.setdefault((api_id, stage, route["routeKey"]), Bucket(burst))
    return bucket.take(rate, burst)


def settings_of(api_id, stage, route_key):
    """Rate and burst of a route; None where the stage sets none."""
    known = apigateway._stages.get(api_id, {}).get(stage) or {}
    settings = {**(known.get("defaultRouteSettings") or {}), **((known.get("routeSettings") or {}).get(route_key) or {})}
    rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
    return None if rate is None or burst is None else (float(rate), float(burst))
