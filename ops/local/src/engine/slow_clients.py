"""Ends requests whose body does not come, as S3 and API Gateway do, so that nobody occupies the engine by saying nothing.

A body may come as slowly as it likes, but between two parts of it no more than SECONDS pass. Who takes longer with the
header than a connection may be idle is disconnected by the server (`keep_alive_timeout` in serve.py).
"""

import asyncio

# S3 answers RequestTimeout after about 20 seconds without a byte.
SECONDS = 20

S3 = (
    400,
    b"application/xml",
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>RequestTimeout</Code><Message>Your socket connection to the'
    b" server was not read from or written to within the timeout period. Idle connections will be closed.</Message>"
    b"</Error>",
)
OTHERS = (408, b"application/json", b'{"message":"Request Timeout"}')


class Silence(Exception):
    """No part of a body came in time."""


def end_silence(app, apis):
    """The application around `app` that waits for the next part of a body no longer than that."""

    async def answer(scope, receive, send):
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        is_whole = False

        async def next_part():
            nonlocal is_whole
            # What comes behind the body is the client's going, for which whoever streams an answer waits.
            if is_whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), SECONDS)
            except asyncio.TimeoutError:
                raise Silence from None
            is_whole = not message.get("more_body", False)
            return message

        try:
            await app(scope, next_part, send)
        except Silence:
            is_object = scope["method"] == "PUT" and not scope["path"].startswith(apis)
            status, kind, text = S3 if is_object else OTHERS
            headers = [(b"content-type", kind), (b"content-length", str(len(text)).encode()), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": text})

    return answer
