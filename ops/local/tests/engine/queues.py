"""Deletes a message of a queue by the API, in whose midst a poller's thread deletes ten others and S3 sends one.

Prints the bodies of the messages that are left. Run beside the engine's modules.
"""

import threading

from ministack.services import sqs

import queues  # noqa: F401

# The other thread ends in no time if nothing holds it back, and cannot if something does.
HELD_BACK_SECONDS = 1.0


class Watched(dict):
    """A message; whoever reads its receipt handle in the main thread lets the other thread go first."""

    def __getitem__(self, name):
        if name == "receipt_handle" and threading.current_thread() is threading.main_thread() and not meanwhile.ident:
            meanwhile.start()
            meanwhile.join(HELD_BACK_SECONDS)
        return super().__getitem__(name)


def send(body):
    sqs._act_send_message({"QueueUrl": url, "MessageBody": body}, url)


def delete_and_send():
    sqs._delete_messages_for_esm(url, {message["receipt_handle"] for message in batch})
    # Whoever sends has looked the list up before: another one may have taken its place.
    listed_before.append(dict(batch[0], id="late", body="sent meanwhile", receive_count=0, sys={}))


url = sqs._act_create_queue({"QueueName": "crowded"}, "")["QueueUrl"]
for number in range(12):
    send(f"message {number}")
queue = sqs._get_q(url)
queue["messages"] = [Watched(message) for message in queue["messages"]]
batch = sqs._receive_messages_for_esm(url, 10)
[single] = sqs._receive_messages_for_esm(url, 1)
handle = dict(single)["receipt_handle"]
listed_before = queue["messages"]
meanwhile = threading.Thread(target=delete_and_send)
sqs._act_delete_message({"QueueUrl": url, "ReceiptHandle": handle}, url)
meanwhile.join()
print(*(message["body"] for message in queue["messages"]), sep=", ")
