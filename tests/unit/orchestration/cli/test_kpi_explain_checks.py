"""`kpi explain`: checks and their history, what to do and who was told, and the period's query."""

import datetime as dt
import json

import duckdb
import pytest

from orchestration.alerts.tables import ensure_tables
from orchestration.publish import history_tables, schema
from tests.unit.orchestration.audit.publication import Publication
from tests.unit.orchestration.cli.in_process import run


@pytest.fixture
def project(tmp_path):
    """Orders of the total and of two channels, of which the fax has no value."""
    (tmp_path / "published").mkdir()
    publication = Publication(tmp_path / "published/kpis.duckdb")
    words = '{"en": "w"}'
    publication.kpi("orders", criterion=words, purpose=words, sources="till,web")
    publication.month("orders", "2017-01", 10.0)
    publication.month("orders", "2017-01", 10.0, slice="channel", slice_value="web")
    publication.month(
        "orders", "2017-01", None, slice="channel", slice_value="fax", reason_codes="SOURCE_STALE"
    )
    publication.month(
        "orders", "2017-02", None, slice="channel", slice_value="web",
        reason_codes="UPSTREAM_UNMEASURABLE",
        reason="It is computed from leads, which has no value for 2017-02: The crm is late.",
    )  # fmt: skip
    publication.month(
        "orders", "2017-03", 11.0, slice="channel", slice_value="web",
        reason_codes="VOLUME_ANOMALY", reason="The till has an unusual number of rows.",
    )  # fmt: skip
    check = {"kpi": "orders", "cadence": "monthly", "period": "2017-01"}
    publication.insert(
        schema.KPI_CHECKS, **check, slice="total", slice_value="total",
        check_name="sources_are_there", expected="yes", observed="yes", verdict="pass",
    )  # fmt: skip
    publication.insert(
        schema.KPI_CHECKS, **check, slice="channel", slice_value="fax",
        check_name="sources_are_fresh", expected="yes", observed="no", verdict="fail",
    )  # fmt: skip
    span = {"kpi": "orders", "cadence": "monthly", "start": "2017-01-01", "end": "2017-01-31"}
    publication.insert(
        schema.KPI_INCIDENTS, incident_id="INC-9", state="open", severity="slice", owner="ops",
        root="source:till", kpis='["orders"]', periods=json.dumps([span]),
        opened_at=dt.datetime(2017, 2, 1, 6),
    )  # fmt: skip
    for number, observed, verdict in ((1, "not yet", "fail"), (2, "", "absent"), (3, "no", "fail")):
        publication.insert(
            history_tables.KPI_CHECK_HISTORY, **check, slice="channel", slice_value="fax",
            check_name="sources_are_fresh", expected="yes", observed=observed, verdict=verdict,
            shown_from=dt.datetime(2017, 2, 2 + number, 6), run_id=f"run-{number}",
        )  # fmt: skip
    publication.con.close()
    return tmp_path


def explained(project, capsys, period, slice_value="total", *more):
    arguments = ("explain", "orders", "--period", period, "--slice", slice_value, *more)
    code, out, _ = run(capsys, project, *arguments)
    assert code == 0
    return out


def blocks(out):
    """The parts after the value's own, each line without runs of blanks."""
    parts = out.rstrip("\n").split("\n\n")[2:]
    return [[" ".join(line.split()) for line in part.splitlines()] for part in parts]


HEAD = "check expected observed verdict"
SINCE = "since (UTC) check verdict observed run"


@pytest.mark.parametrize(
    ("period", "slice_value", "more", "expected"),
    [
        ("2017-01", "total", (), [["All 1 check passed; --checks shows what they saw."]]),
        ("2017-01", "total", ("--checks",), [[HEAD, "sources_are_there yes yes pass"]]),
        (
            "2017-01", "fax", (),
            [
                [HEAD, "sources_are_fresh yes no fail"],
                [
                    SINCE,
                    "2017-02-03 06:00 sources_are_fresh fail not yet run-1",
                    "2017-02-04 06:00 sources_are_fresh not failing run-2",
                    "2017-02-05 06:00 sources_are_fresh fail no run-3",
                ],
            ],
        ),
        (
            "2017-01", "web", (),
            [["All checks passed; those of a slice are listed where they did not."]],
        ),
        ("2017-02", "web", (), [["No check of it is listed."]]),
    ],
)  # fmt: skip
def test_a_value_is_shown_with_the_checks_that_failed_and_when_they_did(
    project, capsys, period, slice_value, more, expected
):
    assert blocks(explained(project, capsys, period, slice_value, *more)) == expected


def of_the_warehouse(project, party, incidents=(), run_id="x"):
    """A warehouse with the verdict on the fax's January and these incidents."""
    (project / "var").mkdir()
    with duckdb.connect(str(project / "var/warehouse.duckdb")) as con:
        con.execute(
            "create schema audit; create table audit.verdicts as select 'orders' as kpi, "
            "'monthly' as cadence, '2017-01' as period, 'channel' as slice, 'fax' as slice_value, "
            f"'{party}' as party, '{run_id}' as run_id"
        )
        ensure_tables(con)
        for number, (severity, state, start, end) in enumerate(incidents):
            opened = dt.datetime(2017, 2, 1 + number, 6)
            span = {"kpi": "orders", "cadence": "monthly", "start": start, "end": end}
            con.execute(
                "insert into audit.incidents values (?, ?, 'source:till', 'SOURCE_STALE', 'shop', "
                "?, ?, ?, ?, ?, ?, ?, 'm', 'r', null, null, ?, null)",
                [
                    f"INC-{number}", f"f{number}", severity, state, opened, opened,
                    opened + dt.timedelta(hours=2) if state == "resolved" else None,
                    '["orders"]', json.dumps([span]), "sara" if state == "notified" else None,
                ],
            )  # fmt: skip


def lines_of(out, *labels):
    """Label and text of the lines with these labels."""
    found = [line[2:].split(maxsplit=1) for line in out.splitlines() if line.startswith("  ")]
    return [(one[0], one[1]) for one in found if len(one) == 2 and one[0] in labels]


def test_the_sources_that_it_rests_on_are_a_list_that_reads_well(project, capsys):
    assert "  rests on  till, web\n" in explained(project, capsys, "2017-01")


def test_a_warning_stands_beside_the_value_with_what_to_do(project, capsys):
    out = explained(project, capsys, "2017-03", "web")
    assert lines_of(out, "value", "status", "why", "next") == [
        ("value", "11.00"),
        ("status", "final (VOLUME_ANOMALY)"),
        ("why", "The till has an unusual number of rows."),
        ("next", "check whether rows are missing or stand twice; if not, do nothing"),
    ]


def test_who_does_what_and_the_incidents_that_have_the_period(project, capsys):
    january, both = ("2017-01-01", "2017-01-31"), ("2017-01-01", "2017-02-28")
    of_the_warehouse(
        project, "shop",
        [
            ("slice", "resolved", *january),
            ("kpi", "notified", *both),
            ("kpi", "open", "2017-02-01", "2017-02-28"),  # of another month
            ("slice", "open", *january),
        ],
    )  # fmt: skip
    out = explained(project, capsys, "2017-01", "fax")
    assert lines_of(out, "next", "incident") == [
        ("next", "shop: deliver the data that is late, then run again"),
        ("incident", "INC-3, open since 2017-02-04 06:00 UTC (source:till); shop is being told"),
        (
            "incident",
            "INC-1, open since 2017-02-02 06:00 UTC (source:till); shop was told, sara sees to it",
        ),
        (
            "incident",
            "INC-0, over: 2017-02-01 06:00 to 2017-02-01 08:00 UTC (source:till); shop was told",
        ),
    ]
    total = explained(project, capsys, "2017-01")
    assert [text[:5] for _, text in lines_of(total, "incident")] == ["INC-1"], "not those of slices"


@pytest.mark.parametrize(
    ("slices", "slice_value", "is_told"),
    [
        (["fax"], "fax", True),
        (["web"], "fax", False),
        (["fax", "web"], "web", False),  # it has a value in January, and lacks one in another month
    ],
)
def test_an_incident_of_slices_is_that_of_its_own(project, capsys, slices, slice_value, is_told):
    of_the_warehouse(project, "shop", [("slice", "notified", "2017-01-01", "2017-01-31")])
    with duckdb.connect(str(project / "var/warehouse.duckdb")) as con:
        con.execute(
            "update audit.incidents set periods = replace(periods, ?, ? || ?)",
            ['"end"', f'"slices": {json.dumps(slices)}, ', '"end"'],
        )
    out = explained(project, capsys, "2017-01", slice_value)
    assert bool(lines_of(out, "incident")) == is_told


def test_whom_no_mail_has_reached_is_not_told_yet(project, capsys):
    """The log has the alert, and the incident is notified; the owner's mail server is down."""
    of_the_warehouse(project, "shop", [("slice", "notified", "2017-01-01", "2017-01-31")])
    with duckdb.connect(str(project / "var/warehouse.duckdb")) as con:
        for channel, state in (("log", "sent"), ("mailto://shop@example.com", "pending")):
            con.execute(
                "insert into audit.outbox values (?, 'INC-0', 'opened', ?, '{}', ?, 1, null, "
                "now(), null, now(), 'shop')",
                [channel, channel, state],
            )
    out = explained(project, capsys, "2017-01", "fax")
    ((_, incident),) = lines_of(out, "incident")
    assert "; shop is being told" in incident


def test_a_warehouse_of_another_run_does_not_say_who_answers(project, capsys):
    of_the_warehouse(project, "somebody else", run_id="another")
    out = explained(project, capsys, "2017-01", "fax")
    assert lines_of(out, "next") == [("next", "deliver the data that is late, then run again")]


def test_without_anybody_to_tell_there_is_nothing_to_do(project, capsys):
    of_the_warehouse(project, "")
    out = explained(project, capsys, "2017-01", "fax")
    assert lines_of(out, "next") == [
        ("next", "nothing; by contract, or by the calendar, there is nothing to measure")
    ]


@pytest.mark.parametrize("warehouse", ["gone", "not to be read"])
def test_without_the_warehouse_incidents_are_those_of_the_publication(project, capsys, warehouse):
    if warehouse == "not to be read":
        (project / "var").mkdir()
        (project / "var/warehouse.duckdb").write_bytes(b"garbage" * 1000)
    out = explained(project, capsys, "2017-01", "fax")
    assert lines_of(out, "next", "incident") == [
        ("next", "ops: deliver the data that is late, then run again"),
        ("incident", "INC-9, open since 2017-02-01 06:00 UTC (source:till); ops is being told"),
    ]
    with duckdb.connect(str(project / "published/kpis.duckdb")) as con:
        con.execute("drop table kpi_incidents")
    out = explained(project, capsys, "2017-01", "fax")
    assert lines_of(out, "next", "incident") == [
        ("next", "deliver the data that is late, then run again")
    ]


def test_a_kpi_over_another_one_says_where_to_look(project, capsys):
    out = explained(project, capsys, "2017-02", "web")
    assert lines_of(out, "next") == [
        (
            "next",
            "its input has to have a value first; 'kpi explain leads --period 2017-02' says what "
            "that lacks",
        )
    ]


def test_a_kpi_that_was_taken_out_of_the_specs_is_told_as_such(tmp_path, capsys):
    (tmp_path / "published").mkdir()
    publication = Publication(tmp_path / "published/kpis.duckdb")
    publication.kpi("faxes", is_current=False)
    publication.con.close()
    code, _, said = run(capsys, tmp_path, "explain", "faxes")
    assert (code, said) == (
        1,
        "kpi: 'faxes' is no longer in the specs, so nothing is published of it. "
        "'--period P --known-on DATE' shows what readers were told until then.\n",
    )
