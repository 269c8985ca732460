"""Runs the engine.

stdin   the root user's key, one line of JSON
stdout  the socket to listen on, so that nobody else can take the port in between
stderr  the log
"""

import asyncio
import os
import resource

listener = os.dup(1)
os.dup2(2, 1)
# Before modules take out what functions must not inherit.
environment = dict(os.environ)

from hypercorn.asyncio import serve  # noqa: E402  (whatever it prints must find the log, not the socket)
from hypercorn.config import Config  # noqa: E402
from ministack.app import app  # noqa: E402

import access_log  # noqa: E402, F401  (beside this file, like the others)
import addresses  # noqa: E402
import async_invocations  # noqa: E402, F401
import conditions  # noqa: E402, F401
import connections  # noqa: E402, F401
import decisions  # noqa: E402, F401
import doors  # noqa: E402
import environments  # noqa: E402, F401
import event_source_mappings  # noqa: E402, F401
import execution_role  # noqa: E402, F401
import filter_patterns  # noqa: E402, F401
import handed_on  # noqa: E402
import keys  # noqa: E402, F401
import message_moves  # noqa: E402, F401
import output  # noqa: E402, F401
import platform_events  # noqa: E402, F401
import queues  # noqa: E402, F401
import runtime_api  # noqa: E402, F401
import s3_signatures  # noqa: E402, F401
import restart  # noqa: E402
import saved_queries  # noqa: E402, F401
import second_factor  # noqa: E402, F401
import service_principals  # noqa: E402, F401
import sign_up  # noqa: E402, F401
import slow_clients  # noqa: E402
import tokens  # noqa: E402, F401
import user_pools  # noqa: E402, F401
import visibility  # noqa: E402, F401
import xray_groups  # noqa: E402, F401

if "SERVICE_METRICS" in os.environ:
    import service_metrics  # noqa: E402, F401
if handed_on.ADDRESS is not None:
    import cloudwatch_api  # noqa: E402, F401
    import xray  # noqa: E402, F401

_, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))

config = Config()
config.bind = [f"fd://{os.dup(listener)}"]
config.keep_alive_timeout = 75
# Thousands of users connect in one moment; the kernel lets those beyond this many wait for a second or more.
config.backlog = 4096
guarded = doors.guard(slow_clients.end_silence(addresses.hear_of_plain_http(app), doors.APIS))


async def main():
    await serve(guarded, config, shutdown_trigger=restart.asked_for())
    # In here: out there, all threads that wait for something would be waited for.
    restart.again(listener, environment)


asyncio.run(main())
