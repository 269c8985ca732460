"""Waits as pollers of event source mappings do when a message is invisible for half a second, and prints whether it came.

Run beside the engine's modules.
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
returning["visible_at"] = time.time() + 0.5
lambda_svc._esm_wake.clear()
began = time.monotonic()
while not (batch := sqs._receive_messages_for_esm(url, 2)) and time.monotonic() < began + AT_MOST_SECONDS:
    lambda_svc._esm_wake.wait(AT_MOST_SECONDS)
print(*(message["body"] for message in batch), "early" if time.monotonic() < began + AT_MOST_SECONDS else "late")
