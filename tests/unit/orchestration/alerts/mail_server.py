"""A mail server on loopback that keeps what it is sent."""

import email
import email.policy
import socket

from aiosmtpd.controller import Controller


class MailServer:
    """Keeps every mail; answers with `answer`, and with 554 where a subject has `refuses` in it."""

    def __init__(self):
        self.got = []
        self.answer = "250 taken"
        self.refuses = None
        with socket.create_server(("127.0.0.1", 0)) as free:  # aiosmtpd cannot choose one itself
            port = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=port, ready_timeout=30)
        self.controller.start()
        self.url = f"mailto://127.0.0.1:{port}?from=kpi@example.com&to=team@example.com"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        if self.refuses and self.refuses in mail["Subject"]:
            return "554 refused"
        if self.answer.startswith("250"):
            self.got.append((envelope.rcpt_tos, mail["Subject"], text_of(mail)))
        return self.answer

    def stop(self):
        if self.controller.loop.is_running():
            self.controller.stop()


def text_of(mail):
    """The plain text of a mail, however it is encoded."""
    part = mail.get_body(("plain", "html"))
    return part.get_content().replace("\r\n", "\n")
