"""A run that dies between its publication and the delivery of its alerts."""

import signal
import subprocess
import sys
from pathlib import Path

from alert_desk import NOW, Desk
from mail_server import MailServer

from orchestration.alerts import deliver, record_incidents

# What a run does after it has published, in a process of its own that is killed before delivery.
KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from alert_desk import NOW, Desk
from orchestration.alerts import record_incidents
root, webhook, mail = Path(sys.argv[2]), *sys.argv[3:]
desk = Desk(root, webhook, {"platform": (), "data": (mail,)}, root / "warehouse.duckdb")
desk.days("ctr", [9, 10], "SOURCE_STALE")
record_incidents(desk.con, desk.project, run_id="killed", now=NOW)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_next_run_delivers_once_what_a_killed_one_had_published(tmp_path, receiver):
    mail = MailServer()
    try:
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path), receiver.url,
             mail.url],
            check=False,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL
        assert (receiver.got, mail.got) == ([], [])
        owners = {"platform": (), "data": (mail.url,)}
        desk = Desk(tmp_path, receiver.url, owners, tmp_path / "warehouse.duckdb")
        for _ in range(2):
            record_incidents(desk.con, desk.project, run_id="next", now=NOW)
            deliver(desk.con, desk.project, now=NOW)
        assert [body["event"] for _, body in receiver.got] == ["opened"]
        assert len(mail.got) == 1
    finally:
        mail.stop()
