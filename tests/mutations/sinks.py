"""Receivers of alerts on loopback that are down, and come up: a webhook, a mail server."""

import email
import email.policy
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@dataclass
class Webhook:
    """Takes a JSON POST; `got` are the events of the messages."""

    port: int = field(default_factory=_free_port)
    got: list[str] = field(default_factory=list)

    @property
    def route(self) -> str:
        return f"http://127.0.0.1:{self.port}/alerts"

    @contextmanager
    def up(self) -> Iterator[None]:
        got = self.got

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                got.append(json.loads(self.rfile.read(length))["event"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@dataclass
class Mailbox:
    """Takes mail by SMTP; `got` are the events that the subjects begin with."""

    port: int = field(default_factory=_free_port)
    got: list[str] = field(default_factory=list)

    @property
    def route(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=kpi@example.com&to=tills@example.com"

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.got.append("opened" if "UNMEASURABLE" in mail["Subject"] else mail["Subject"])
        return "250 taken"

    @contextmanager
    def up(self) -> Iterator[None]:
        controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=30)
        controller.start()
        try:
            yield
        finally:
            controller.stop()


DOWN = {
    "webhook_down": ("The webhook of the tills' owner takes nothing.", Webhook),
    "mail_server_down": ("The mail server takes nothing.", Mailbox),
}
