"""The tables that remember: publications, what each showed, what failed, and finals that went."""

from orchestration.publish.columns import Column, Table, one_of
from orchestration.publish.value_columns import DATA_STATUS, KEY_COLUMNS

ABSENT = "absent"
CHANGE = ("restated", "withdrawn", "reopened", "returned", "rolled_back")

_VERSION = Column("spec_version", "INTEGER", "Version of the definition.", required=True)
_FINGERPRINT = Column("spec_fingerprint", "VARCHAR", "Hash of the definition.", required=True)
_SHOWN_FROM = Column(
    "shown_from", "TIMESTAMP", "From when readers had it, UTC; always later than the one before.",
    required=True,
)  # fmt: skip
_SHOWN_ON = Column("shown_on", "DATE", "The same as a day in the project's time zone.", True)

KPI_PUBLICATIONS = Table(
    "kpi_publications",
    "Every publication that counts as history, and every rollback. A run with an earlier clock "
    "than the one before is a look back: it is not here.",
    (
        _SHOWN_FROM,
        _SHOWN_ON,
        Column("event", "VARCHAR", "run, or rollback: an earlier one was put back.", True),
        Column("run_id", "VARCHAR", "Run whose values they are.", required=True),
        Column("computed_at", "TIMESTAMP", "When that run published them first, UTC.", True),
        Column("as_of", "DATE", "The clock of that run.", required=True),
    ),
    (one_of("event", ("run", "rollback")),),
)

KPI_HISTORY = Table(
    "kpi_history",
    "What the publications showed: one row when a period and slice first appears, and one whenever "
    "its value, status, reason codes or definition changed. It holds until the next one of its "
    "key; kpi_values_known_on(day) reads it.",
    (
        *KEY_COLUMNS,
        _VERSION,
        _FINGERPRINT,
        Column("value", "DOUBLE", "The KPI; NULL unless it was final or provisional."),
        Column("data_status", "VARCHAR", "As in kpi_values; absent: not published any more.", True),
        Column("reason_codes", "VARCHAR", "Why there was no value, comma-separated.", True),
        _SHOWN_FROM,
        _SHOWN_ON,
        Column("run_id", "VARCHAR", "By which run.", required=True),
    ),
    (one_of("data_status", (*DATA_STATUS, ABSENT)),),
)

KPI_RESTATEMENTS = Table(
    "kpi_restatements",
    "Final values that did not stay: what each was, what it became, and why. Before and after have "
    "the same definition; a changed one starts anew.",
    (
        *KEY_COLUMNS,
        _VERSION,
        Column("spec_fingerprint", "VARCHAR", "Definition, the same for both.", required=True),
        Column(
            "change",
            "VARCHAR",
            "restated (another final value), withdrawn (no value), reopened (provisional again), "
            "returned (the same value is back), rolled_back (an earlier publication was put back).",
            required=True,
        ),
        Column("revision", "INTEGER", "How often it was restated so far, this one included.", True),
        Column("old_value", "DOUBLE", "The last final value before.", required=True),
        Column("new_value", "DOUBLE", "Value since; NULL where there is none."),
        Column("new_status", "VARCHAR", "data_status since; absent: not published any more.", True),
        Column("old_computed_at", "TIMESTAMP", "Since when old_value had been shown, UTC.", True),
        Column("old_run_id", "VARCHAR", "Since which run.", required=True),
        Column("restated_at", "TIMESTAMP", "When it was replaced, UTC.", required=True),
        Column("run_id", "VARCHAR", "By which run.", required=True),
        Column(
            "why",
            "VARCHAR",
            "The KPI's files that were loaded since the publication before; of a value that went, "
            "the reason.",
            required=True,
        ),
    ),
    (one_of("change", CHANGE), "revision >= 0"),
)

KPI_CHECK_HISTORY = Table(
    "kpi_check_history",
    "Which check failed for which period and slice since when, and what it saw then: one row when "
    "it first fails, one whenever it expects or sees something else, and one when it no longer "
    "fails. It holds until the next one of its key and check. A check that never failed has no "
    "row, and a period that only waits (pending) has none. Where checks could not be made (error), "
    "one of each total is here.",
    (
        *KEY_COLUMNS,
        Column("check_name", "VARCHAR", "What was checked.", required=True),
        Column("reason_code", "VARCHAR", "Reason code that a failure gives."),
        Column("evidence", "VARCHAR", "The fact that was looked at."),
        Column("expected", "VARCHAR", "What it had to be."),
        Column("observed", "VARCHAR", "What it was; '' where it is absent."),
        Column(
            "verdict",
            "VARCHAR",
            "As in kpi_checks; absent: no failure is listed any more (of a slice, or where another "
            "check made it pointless, the ones that pass are not listed).",
            required=True,
        ),
        _SHOWN_FROM,
        _SHOWN_ON,
        Column("run_id", "VARCHAR", "By which run.", required=True),
    ),
)

# The publications last: they tell what is known.
HISTORY_TABLES = (KPI_HISTORY, KPI_CHECK_HISTORY, KPI_RESTATEMENTS, KPI_PUBLICATIONS)

# Unqualified: the file may be opened under any name. What BI and Parquet readers are told to ask.
KNOWN_ON_SQL = f"""
SELECT * FROM (
    SELECT * FROM kpi_history
    WHERE shown_on <= CAST(day AS DATE)
    QUALIFY row_number() OVER (
        PARTITION BY {", ".join(column.name for column in KEY_COLUMNS)} ORDER BY shown_from DESC
    ) = 1
)
WHERE data_status <> '{ABSENT}'"""
