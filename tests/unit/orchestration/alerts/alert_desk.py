"""Verdicts by hand, and an HTTP server on loopback that keeps what it is sent."""

import datetime as dt
import http.server
import json
import threading

import duckdb

from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Alerts, Owner, Project, ProjectSettings
from kpi_specs.language.source import Source

NOW = dt.datetime(2017, 6, 15, 6)


def make_kpi(key, owner="marketing"):
    return Kpi.model_validate(
        {
            "kpi": key,
            "title": {"fa": "شاخص", "en": key.upper()},
            "kind": "kpi",
            "objective": "grow",
            "purpose": {"en": "p"},
            "criterion": {"en": "c"},
            "metric": {"dataset": "orders", "simple": {"sum": "amount"}},
            "unit": "percent",
            "direction": "higher_is_better",
            "cadence": "daily",
            "owner": owner,
        }
    )


class Desk:
    """A project with four KPIs and a warehouse that holds only verdicts and checks."""

    def __init__(self, root, webhook=None, owners=None, database=":memory:", **alerts):
        settings = ProjectSettings(
            name="shop", title={"en": "Shop"}, time_zone="UTC", currency="USD",
            languages=("fa", "en"), history_from=dt.date(2017, 1, 1), default_owner="platform",
            alerts=Alerts(webhook=webhook, **alerts),
        )  # fmt: skip
        people = owners or {"platform": ("log",), "marketing": (), "data": ("log",)}
        self.project = Project(
            root,
            settings,
            owners={
                key: Owner(owner=key, name={"en": key.title()}, alerts=routes)
                for key, routes in people.items()
            },
            sources={
                "ads": Source.model_validate(
                    {
                        "source": "ads",
                        "title": {"en": "Ad platform"},
                        "owner": "data",
                        "kind": "files",
                        "columns": {"day": {"type": "date"}},
                    }
                )
            },
            kpis={key: make_kpi(key) for key in ("ctr", "cpc", "roas", "growth")},
        )
        self.con = duckdb.connect(str(database))
        self.con.execute(
            """
            CREATE SCHEMA IF NOT EXISTS audit; CREATE SCHEMA IF NOT EXISTS kpi;
            CREATE TABLE IF NOT EXISTS audit.verdicts (kpi VARCHAR, cadence VARCHAR, period VARCHAR,
                slice VARCHAR, slice_value VARCHAR, period_start DATE, period_end DATE,
                data_status VARCHAR, reason_codes VARCHAR, reason VARCHAR, party VARCHAR,
                root VARCHAR, coverage DOUBLE, data_through DATE, due_at DATE, closed_at DATE,
                run_id VARCHAR);
            CREATE TABLE IF NOT EXISTS audit.checks (
                kpi VARCHAR, cadence VARCHAR, period VARCHAR, slice VARCHAR, slice_value VARCHAR,
                check_name VARCHAR, reason_code VARCHAR, evidence VARCHAR, expected VARCHAR,
                observed VARCHAR, verdict VARCHAR, run_id VARCHAR)
            """
        )

    def day(self, kpi, day, codes="", *, party="data", root="source:ads", status=None, **row):
        """The verdict of a day in June 2017; without a code it is measured."""
        date = dt.date(2017, 6, day)
        status = status or ("unmeasurable" if codes else "final")
        slice_, slice_value = row.get("slice", ("total", "total"))
        self.con.execute(
            "INSERT INTO audit.verdicts VALUES (?, 'daily', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, "
            "?, ?, 'r')",
            [kpi, date.isoformat(), slice_, slice_value, date, date, status, codes,
             row.get("reason", "The ads are late."), party if codes else "", root if codes else "",
             dt.date(2017, 6, 9), date, date],
        )  # fmt: skip

    def days(self, kpi, days, codes="", **row):
        for day in days:
            self.day(kpi, day, codes, **row)

    def clear(self):
        self.con.execute("DELETE FROM audit.verdicts")

    def outbox(self, columns="event, channel, state"):
        return self.con.execute(
            f"SELECT {columns} FROM audit.outbox ORDER BY created_at, incident_id, channel"
        ).fetchall()


class Receiver:
    """Keeps every request; answers with `status`, or per incident text with `refuses`."""

    def __init__(self):
        self.got = []
        self.status = 200
        self.refuses = None
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.got.append((self.headers["Idempotency-Key"], body))
                refused = receiver.refuses and receiver.refuses in body["root"]
                self.send_response(422 if refused else receiver.status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/alerts"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
