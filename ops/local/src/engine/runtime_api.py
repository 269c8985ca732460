"""Gives a function's events to the function alone.

The Runtime API has no signatures: on AWS nobody else can reach it. Here each environment's lies on a port of its own,
where a page could take an event, which the function then never gets. Programs are not browsers: they name the port
that they call, and no site that sends them.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

from ministack.core.lambda_runtime import ProvidedWorker

from output import replace

# What browsers add to requests, and pages cannot take away.
OF_PAGES = ("Origin", "Sec-Fetch-Site")

build = ProvidedWorker._build_handler_class


@replace("_build_handler_class", ["self", "generation", "pending"])
def build_for_programs(self, generation, pending):
    class Guarded(build(self, generation, pending)):
        def parse_request(self):
            if not super().parse_request():
                return False
            own = f"127.0.0.1:{self.server.server_address[1]}"
            if self.headers.get_all("Host") == [own] and not any(map(self.headers.get, OF_PAGES)):
                return True
            self.send_error(403)
            return False

    return Guarded
