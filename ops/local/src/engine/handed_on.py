"""Hands requests on to the process that keeps spans, metrics and alarms, at the address in HANDED_ON.

Signature and policy are verified here, as for every other service. The address is nobody else's business: what comes there is
answered.
"""

import asyncio
import http.client
import os

# Taken out, because functions inherit what stays.
ADDRESS = os.environ.pop("HANDED_ON", None)
TIMEOUT_SECONDS = 30
# Of an answer; the others are the connection's own.
KEPT = ("content-type", "smithy-protocol", "x-amzn-errortype", "x-amzn-query-error")


class Unanswered(Exception):
    """Whoever keeps them does not answer."""


async def hand_on(path, operation, body, headers=()):
    """Status, headers and body of the answer; `operation` is what the policy was asked about."""
    try:
        return await asyncio.to_thread(call, path, body, {**dict(headers), "x-handed-on": operation})
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered from error


def call(path, body, headers):
    connection = http.client.HTTPConnection(ADDRESS, timeout=TIMEOUT_SECONDS)
    try:
        # A page in a browser cannot send `x-handed-on` without leave, which nobody gives it there.
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, {name: value for name, value in answer.getheaders() if name.lower() in KEPT}, text
    finally:
        connection.close()
