"""Waits as pollers of event source mappings do for a message that becomes visible, half a second later and just after they looked.

Prints what came each time. Run beside the engine's modules.
"""

import time

from ministack.services import lambda_svc, sqs

import visibility  # noqa: F401

# Longer than any machine takes to wake up; without the module all of it is waited.
AT_MOST_SECONDS = 60

url = sqs._act_create_queue({"QueueName": "returning"}, "")["QueueUrl"]
for body in ("for long", "for a moment"):
    sqs._act_send_message({"QueueUrl": url, "MessageBody": body}, url)
_, returning = sqs._receive_messages_for_esm(url, 2)
for seconds in (0.5, 0.0):
    lambda_svc._esm_wake.clear()
    returning["visible_at"] = time.time() + seconds
    batch, latest = [], time.monotonic() + AT_MOST_SECONDS
    while not batch and time.monotonic() < latest:
        lambda_svc._esm_wake.wait(AT_MOST_SECONDS)
        batch = sqs._receive_messages_for_esm(url, 2)
    print(*(message["body"] for message in batch), "early" if time.monotonic() < latest else "late")
