"""Ends a connection when its client has gone.

hypercorn's own wait for all tasks of a connection, the one among them that waits for its next request, and cancels
that only afterwards. So each connection kept its file for `keep_alive_timeout` after its client had closed it: 200 a
second were 15,000 files, and beyond the limit of files nobody is let in.
"""

from hypercorn.asyncio.tcp_server import TCPServer

from pinned import wrap


@wrap(TCPServer, "_read_data", ["self"])
async def read_data(inner, self):
    await inner(self)
    await self.idle_task.stop()
