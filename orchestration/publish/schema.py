"""Every published table, its columns, types and comments: for DDL and documentation.

Contract version 1. Adding a column is compatible; renaming, removing or retyping one needs a new
contract version.
"""

from collections.abc import Sequence

from kpi_specs.language.metric import METRIC_TYPES
from orchestration.publish.columns import Column, Table, one_of
from orchestration.publish.history_tables import HISTORY_TABLES
from orchestration.publish.value_columns import (
    KEY_COLUMNS,
    LIMIT_COLUMNS,
    VALUE_CHECKS,
    VALUE_COLUMNS,
)

CONTRACT_VERSION = 1
FRESHNESS = ("fresh", "late", "no_promise", "undated", "missing")
TARGET_KIND = ("value", "band", "of_last_year", "kpi", "split")


KPI_VALUES = Table(
    "kpi_values",
    "One row per KPI, cadence, period and slice; every period up to the clock, none missing.",
    VALUE_COLUMNS,
    VALUE_CHECKS,
)

KPI_LATEST = Table(
    "kpi_latest",
    "Per KPI and cadence the newest period that is due and the open one, total slice. Passed "
    "over are periods whose days are all closed by contract, or with nothing to compare with.",
    (
        Column(
            "which",
            "VARCHAR",
            "closed: the newest period that is over and due; open: the one the clock stands in.",
            required=True,
        ),
        *VALUE_COLUMNS,
    ),
    ("which IN ('closed', 'open')", *VALUE_CHECKS),
)

KPI_CHECKS = Table(
    "kpi_checks",
    "What was checked: all checks of totals, the failing ones of other slices.",
    (
        *KEY_COLUMNS,
        Column("check_name", "VARCHAR", "What was checked.", required=True),
        Column("reason_code", "VARCHAR", "Reason code that a failure gives."),
        Column("evidence", "VARCHAR", "The fact that was looked at."),
        Column("expected", "VARCHAR", "What it had to be."),
        Column("observed", "VARCHAR", "What it was."),
        Column("verdict", "VARCHAR", "pass, fail, or error (the check itself failed).", True),
        Column("run_id", "VARCHAR", "By which run."),
    ),
    ("verdict IN ('pass', 'fail', 'error')",),
)

KPI_TARGETS = Table(
    "kpi_targets",
    "The target of every period that has one, to the end of the clock's year, and where it comes "
    "from. A target is in force for periods whose first day lies within its dates.",
    (
        *KEY_COLUMNS,
        Column("period_start", "DATE", "First day of the period.", required=True),
        Column("period_end", "DATE", "Last day of the period.", required=True),
        Column(
            "kind",
            "VARCHAR",
            "value (a number), band (low and high), of_last_year (a factor on the same period a "
            "year before), kpi (another KPI's value), split (a part of a longer period's target).",
            required=True,
        ),
        Column("target", "DOUBLE", "The target as used; NULL for a band, or with a reason."),
        Column("target_low", "DOUBLE", "Lower end of a band, inclusive."),
        Column("target_high", "DOUBLE", "Upper end of a band, inclusive."),
        Column("warning", "DOUBLE", "Still tolerable, inclusive."),
        Column(
            "reason", "VARCHAR", "Why there is no target all the same; '' where there is.", True
        ),
        Column("base_kpi", "VARCHAR", "KPI whose published value it rests on."),
        Column("base_period", "VARCHAR", "Period of that value."),
        Column("base_value", "DOUBLE", "That value; of a part by last year, its share's."),
        Column("factor", "DOUBLE", "target = base_value x factor, to 15 significant digits."),
        Column("split", "VARCHAR", "How the whole is divided: equal, by_days or by_last_year."),
        Column("whole_cadence", "VARCHAR", "Cadence of the whole."),
        Column("whole_period", "VARCHAR", "Period of the whole."),
        Column("whole_target", "DOUBLE", "Target of the whole, to which its parts add up."),
        Column("valid_from", "DATE", "First day.", required=True),
        Column("valid_to", "DATE", "Last day; NULL: open end."),
        Column("set_by", "VARCHAR", "Owner who set it.", required=True),
        Column("why", "VARCHAR", "Reason given.", required=True),
    ),
    (
        one_of("kind", TARGET_KIND),
        "(reason = '') = (target IS NOT NULL OR target_low IS NOT NULL)",
        "(target_low IS NULL) = (target_high IS NULL)",
    ),
)

KPI_OBJECTIVES = Table(
    "kpi_objectives",
    "The tree of objectives: strategic, mid, operational.",
    (
        Column("objective", "VARCHAR", "Id of the objective.", required=True),
        Column("title", "VARCHAR", "Title in the project's first language.", required=True),
        Column("titles", "VARCHAR", "All titles as JSON, by language.", required=True),
        Column("level", "VARCHAR", "strategic, mid or operational.", required=True),
        Column("parent", "VARCHAR", "Objective it serves; NULL at a root."),
        Column("owner", "VARCHAR", "Owner."),
        Column("position", "INTEGER", "Order in the project.", required=True),
    ),
)

KPI_SOURCES = Table(
    "kpi_sources",
    "Every source, and how far its data reaches by business day: the freshness of what was judged.",
    (
        Column("source", "VARCHAR", "Id of the source.", required=True),
        Column("titles", "VARCHAR", "All titles as JSON, by language.", required=True),
        Column("owner", "VARCHAR", "Owner, who is told when it is late.", required=True),
        Column("data_through", "DATE", "Newest day that its rows cover; NULL where none is."),
        Column("promised", "DATE", "Newest day that was due by the clock; NULL: no promise."),
        Column("days_late", "INTEGER", "Days from data_through to promised; 0: none.", True),
        Column(
            "status",
            "VARCHAR",
            "fresh, late, no_promise, undated (nothing tells the days of its rows), or missing.",
            required=True,
        ),
        Column("kpis", "VARCHAR", "KPIs that rest on it, comma-separated.", required=True),
    ),
    (one_of("status", FRESHNESS),),
)

KPI_INCIDENTS = Table(
    "kpi_incidents",
    "Every incident, open or over, as it is with this publication: one root cause, reason and "
    "owner, with the KPIs and periods that it takes. What becomes of it until the next publication "
    "is in 'kpi alerts'.",
    (
        Column("incident_id", "VARCHAR", "Id, as in the alert.", required=True),
        Column("state", "VARCHAR", "open (about to be told), notified, or resolved.", True),
        Column(
            "severity",
            "VARCHAR",
            "kpi, slice (its total is measured), warning (values stand), or run.",
            True,
        ),
        Column("reason_code", "VARCHAR", "Why there is no value.", required=True),
        Column("root", "VARCHAR", "The cause, e.g. source:till.", required=True),
        Column("owner", "VARCHAR", "Owner who is told.", required=True),
        Column("kpis", "VARCHAR", "Affected KPIs, as a JSON list.", required=True),
        Column("periods", "VARCHAR", "JSON: of each KPI and cadence from, to and count.", True),
        Column("message", "VARCHAR", "What was said of it last.", required=True),
        Column("opened_at", "TIMESTAMP", "When it was found, UTC.", required=True),
        Column("last_seen_at", "TIMESTAMP", "When it was there last, UTC.", required=True),
        Column("resolved_at", "TIMESTAMP", "When it was over, UTC."),
        Column("acknowledged_at", "TIMESTAMP", "When somebody said to see to it, UTC."),
        Column("acknowledged_by", "VARCHAR", "Who."),
        Column("note", "VARCHAR", "What they said."),
    ),
    (one_of("state", ("open", "notified", "resolved")),),
)

KPI_SMART = Table(
    "kpi_smart",
    "The SMART audit: five letters per KPI, each with its evidence.",
    (
        Column("kpi", "VARCHAR", "Id of the KPI.", required=True),
        Column(
            "letter",
            "VARCHAR",
            "Specific, Measurable, Achievable, Relevant or Time-bound.",
            required=True,
        ),
        Column(
            "verdict",
            "VARCHAR",
            "met, not_met, or unknown (nothing to judge: no target, too little history).",
            required=True,
        ),
        Column("evidence", "VARCHAR", "What the verdict rests on, in words.", required=True),
        Column("stated_by", "VARCHAR", "Owner whose stated reason counts; NULL where none does."),
        Column("stated_on", "DATE", "Day of that statement."),
    ),
    (one_of("verdict", ("met", "not_met", "unknown")),),
)

KPI_FINDINGS = Table(
    "kpi_findings",
    "What a review should talk about: coverage, contradictions, idle specs.",
    (
        Column(
            "section",
            "VARCHAR",
            "coverage (objectives and owners without a KPI), contradiction (a KPI on target while "
            "the KRI that it leads to is off), review (past its review, a target that never moved, "
            "always on target).",
            required=True,
        ),
        Column("subject_kind", "VARCHAR", "objective, owner or kpi.", required=True),
        Column("subject", "VARCHAR", "Its id.", required=True),
        Column("finding", "VARCHAR", "What was found, in words.", required=True),
    ),
    (one_of("section", ("coverage", "contradiction", "review")),),
)

PUBLICATION = Table(
    "publication",
    "One row: which publication this is.",
    (
        Column("contract_version", "INTEGER", "Version of these tables.", required=True),
        Column("project", "VARCHAR", "Id of the project.", required=True),
        Column("title", "VARCHAR", "Titles of the project as JSON, by language.", required=True),
        Column("run_id", "VARCHAR", "Run that published.", required=True),
        Column("computed_at", "TIMESTAMP", "When, UTC.", required=True),
        Column("as_of", "DATE", "The clock: newest business date that counts.", required=True),
        Column("currency", "VARCHAR", "Currency of units 'currency'.", required=True),
        Column("time_zone", "VARCHAR", "Time zone of the business dates.", required=True),
        Column("counts", "VARCHAR", "Rows per table as JSON.", required=True),
    ),
)


def catalogue_table(languages: Sequence[str]) -> Table:
    """`kpi_catalog`, with a title column per language of the project."""
    titles = tuple(
        Column(f"title_{language.replace('-', '_')}", "VARCHAR", f"Title in '{language}'.")
        for language in languages
    )
    return Table(
        "kpi_catalog",
        "Every version of every KPI that was published; is_current marks the one in use.",
        (
            Column("kpi", "VARCHAR", "Id of the KPI.", required=True),
            Column("spec_version", "INTEGER", "Version of the definition.", required=True),
            Column("spec_fingerprint", "VARCHAR", "Hash of the definition.", required=True),
            Column("is_current", "BOOLEAN", "In use now.", required=True),
            Column("position", "INTEGER", "Order in the project.", required=True),
            Column("titles", "VARCHAR", "All titles as JSON, by language.", required=True),
            *titles,
            Column("kind", "VARCHAR", "kpi (an activity) or kri (a result).", required=True),
            Column("leads_to", "VARCHAR", "KRIs it drives, comma-separated.", required=True),
            Column("objective", "VARCHAR", "Objective it serves.", required=True),
            Column("purpose", "VARCHAR", "What it decides, as JSON by language.", required=True),
            Column("criterion", "VARCHAR", "What it judges, as JSON by language.", required=True),
            Column(
                "metric_type",
                "VARCHAR",
                f"Type of docs/metrics.md: {', '.join(METRIC_TYPES)}.",
                required=True,
            ),
            Column("formula", "VARCHAR", "How it is computed, for people.", required=True),
            Column("sql", "VARCHAR", "How it is computed, for machines.", required=True),
            Column("unit", "VARCHAR", "number, percent, currency, duration, ratio.", required=True),
            Column("currency", "VARCHAR", "Currency where the unit is one."),
            Column("decimals", "INTEGER", "Decimals to show.", required=True),
            Column("scale", "BIGINT", "Divided by to show, 1000: thousands. NULL: 1."),
            Column("direction", "VARCHAR", "Which way is better.", required=True),
            Column("cadence", "VARCHAR", "Comma-separated; the first is the main.", required=True),
            Column("calendar", "VARCHAR", "Calendar of its periods.", required=True),
            Column("grain", "VARCHAR", "Slices, comma-separated.", required=True),
            Column("additive", "BOOLEAN", "Whether slices add up to the total.", required=True),
            Column("sources", "VARCHAR", "Sources it rests on, comma-separated.", required=True),
            Column("owner", "VARCHAR", "Id of the owner.", required=True),
            Column("owner_name", "VARCHAR", "Names of the owner as JSON, by language."),
            Column("due_days", "INTEGER", "Days after its end until a period is due.", True),
            Column("mature_days", "INTEGER", "Days after its end until a value is final.", True),
            Column("missing_resources", "VARCHAR", "What the target lacks, by ';'.", required=True),
            Column("changed_on", "DATE", "When this version was made."),
            Column("changed_why", "VARCHAR", "Why this version was made."),
            Column("next_review", "DATE", "When the definition is looked at again."),
        ),
    )


def kpi_table(kpi: str, dimensions: Sequence[str]) -> Table:
    """`kpi_<id>`: the rows of one KPI, with its dimensions as columns (NULL outside the slice)."""
    return Table(
        f"kpi_{kpi}",
        f"The rows of kpi_values for '{kpi}', with its dimensions as columns.",
        (
            *VALUE_COLUMNS,
            *LIMIT_COLUMNS,
            *(Column(name, "VARCHAR", f"Dimension '{name}'.") for name in dimensions),
        ),
        VALUE_CHECKS,
    )


def fixed_tables(languages: Sequence[str]) -> tuple[Table, ...]:
    """The tables that every publication has, in the order of the documentation."""
    return (
        KPI_VALUES, KPI_LATEST, catalogue_table(languages), KPI_CHECKS, KPI_TARGETS,
        KPI_OBJECTIVES, KPI_SOURCES, KPI_INCIDENTS, KPI_SMART, KPI_FINDINGS, *HISTORY_TABLES,
        PUBLICATION,
    )  # fmt: skip
