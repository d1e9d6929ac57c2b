"""Every published table, its columns, types and comments: for DDL and documentation.

Contract version 1. Adding a column is compatible; renaming, removing or retyping one needs a new
contract version.
"""

from collections.abc import Sequence
from dataclasses import dataclass

CONTRACT_VERSION = 1
MEASURED = "('final', 'provisional')"

DATA_STATUS = ("final", "provisional", "pending", "unmeasurable", "error")
TARGET_STATUS = (
    "exceeded", "on_target", "warning", "off_target", "too_early", "no_target", "not_judged",
)  # fmt: skip
TARGET_KIND = ("value", "band", "of_last_year", "kpi", "split")
SIGNAL = ("improving", "concerning", "none", "too_few_points")


@dataclass(frozen=True)
class Column:
    """One published column. `type` is a DuckDB type; `required` is NOT NULL."""

    name: str
    type: str
    comment: str
    required: bool = False


@dataclass(frozen=True)
class Table:
    """One published table. `checks` are the expressions of its CHECK constraints."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    checks: tuple[str, ...] = ()


def _one_of(column: str, allowed: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in allowed)})"


_CADENCES = "daily, weekly, monthly, quarterly or yearly."
_LABELS = (
    "Label in its calendar: 2017-03-05, 2017-W09, 2017-03, 2017-Q1, 2017; 1396-01; FY2017-P01."
)

_KEY = (
    Column("kpi", "VARCHAR", "Id of the KPI.", required=True),
    Column("cadence", "VARCHAR", _CADENCES, required=True),
    Column("period", "VARCHAR", _LABELS, required=True),
    Column("slice", "VARCHAR", "'total', or dimensions joined by '+'.", required=True),
    Column("slice_value", "VARCHAR", "'total', or values joined by ' | '.", required=True),
)

VALUE_COLUMNS = (
    Column("kpi", "VARCHAR", "Id of the KPI.", required=True),
    Column("spec_version", "INTEGER", "Version of the definition in use.", required=True),
    Column("spec_fingerprint", "VARCHAR", "Hash of the definition in use.", required=True),
    Column("cadence", "VARCHAR", _CADENCES, required=True),
    Column("calendar", "VARCHAR", "gregorian, jalali, fiscal or retail.", required=True),
    Column("period", "VARCHAR", _LABELS, required=True),
    Column("period_start", "DATE", "First day of the period.", required=True),
    Column("period_end", "DATE", "Last day of the period.", required=True),
    Column("period_days", "INTEGER", "Days in the period.", required=True),
    Column("slice", "VARCHAR", "'total', or dimensions joined by '+'.", required=True),
    Column("slice_value", "VARCHAR", "'total', or values joined by ' | '.", required=True),
    Column("dimensions", "VARCHAR", "The slice as a JSON object; {} for the total.", required=True),
    Column("value", "DOUBLE", "The KPI; NULL unless data_status is final or provisional."),
    Column("numerator", "DOUBLE", "Of a ratio; of a growth: current minus base."),
    Column("denominator", "DOUBLE", "Of a ratio; of a growth: base."),
    Column(
        "unit",
        "VARCHAR",
        "number, percent (0.05 is 5 %), currency, duration or ratio.",
        required=True,
    ),
    Column(
        "data_status",
        "VARCHAR",
        "final, provisional (open or still maturing), pending (not due yet), unmeasurable, error.",
        required=True,
    ),
    Column("reason_codes", "VARCHAR", "Why there is no value, comma-separated.", required=True),
    Column("reason", "VARCHAR", "The same as one plain sentence; '' where none.", required=True),
    Column("last_good_value", "DOUBLE", "Value of the newest earlier measured period."),
    Column("last_good_period", "VARCHAR", "That period."),
    Column(
        "target",
        "DOUBLE",
        "Target in force on the period's first day; kpi_targets says where it comes from.",
    ),
    Column("target_low", "DOUBLE", "Lower end of a target band, inclusive."),
    Column("target_high", "DOUBLE", "Upper end of a target band, inclusive."),
    Column(
        "attainment",
        "DOUBLE",
        "1 is exactly on target, more is better in the KPI's direction. NULL without a target, "
        "where it is too early to judge, and where the target or its base is not above zero.",
    ),
    Column(
        "target_status",
        "VARCHAR",
        "exceeded (better than the target), on_target, warning, off_target, too_early (the period "
        "is open), no_target, not_judged (no value). Compared on unrounded values.",
        required=True,
    ),
    Column(
        "pace_target",
        "DOUBLE",
        "Of a period that is too early to judge: what of the target should be reached by "
        "data_through, by elapsed days; of a divided target the sum of what its parts expect. NULL "
        "for KPIs that do not add up over time.",
    ),
    Column("pace_target_low", "DOUBLE", "The same of the lower end of a band."),
    Column("pace_target_high", "DOUBLE", "The same of the upper end of a band."),
    Column("pace", "DOUBLE", "Attainment of pace_target so far: 1 is on pace, more is better."),
    Column(
        "signal",
        "VARCHAR",
        "Whether the value is more than noise, against the natural limits of the periods before: "
        "improving, concerning, none; too_few_points below 8 of them. NULL where there is no value "
        "or it is too early. kpi_<id> has the limits.",
    ),
    Column("previous_value", "DOUBLE", "Value one period before; NULL where either is unmeasured."),
    Column("previous_change", "DOUBLE", "value / previous_value - 1; NULL on a base not above 0."),
    Column("year_ago_value", "DOUBLE", "Value of the same period a year before."),
    Column("year_ago_change", "DOUBLE", "value / year_ago_value - 1; NULL on a base not above 0."),
    Column("coverage", "DOUBLE", "Share of the expected data that is present, 0 to 1."),
    Column("data_through", "DATE", "Business date of the newest row used."),
    Column("due_at", "DATE", "When the period is due.", required=True),
    Column("closed_at", "DATE", "When the value becomes final."),
    Column("revision", "INTEGER", "How often the final value was restated.", required=True),
    Column("computed_at", "TIMESTAMP", "When it was published, UTC.", required=True),
    Column("run_id", "VARCHAR", "By which run.", required=True),
)

_MEASURED_OR_NULL = tuple(
    f"{name} IS NULL OR (isfinite({name}) AND data_status IN {MEASURED})"
    for name in ("value", "numerator", "denominator")
)
VALUE_CHECKS = (
    *_MEASURED_OR_NULL,
    f"data_status NOT IN {MEASURED} OR value IS NOT NULL",
    f"data_status IN {MEASURED} OR (reason_codes <> '' AND reason <> '')",
    _one_of("data_status", DATA_STATUS),
    _one_of("target_status", TARGET_STATUS),
    f"signal IS NULL OR {_one_of('signal', SIGNAL)}",
    *(
        f"{column.name} IS NULL OR isfinite({column.name})"
        for column in VALUE_COLUMNS
        if column.type == "DOUBLE" and column.name not in ("value", "numerator", "denominator")
    ),
    "period_start <= period_end",
    "revision >= 0",
)

# Of kpi_<id>, beside the columns of kpi_values.
LIMIT_COLUMNS = (
    Column("centre_line", "DOUBLE", "Mean of the points before the period."),
    Column("lower_limit", "DOUBLE", "centre_line minus 2.66 mean moving ranges."),
    Column("upper_limit", "DOUBLE", "centre_line plus 2.66 mean moving ranges."),
    Column(
        "moving_range_limit",
        "DOUBLE",
        "3.268 mean moving ranges: more than that from one period to the next is no noise.",
    ),
    Column("limit_points", "INTEGER", "Points before the period, which the limits rest on."),
    Column(
        "signal_basis",
        "VARCHAR",
        "values, or year_ago: the points are differences from the same period a year before, and "
        "the limits stand around that period's value.",
    ),
    Column(
        "signal_rule",
        "VARCHAR",
        "Why there is a signal: outside_limits, near_limit (three of four consecutive points "
        "nearer to a limit than to the centre line) or run_of_eight (on one side of it). NULL: "
        "none.",
    ),
)

KPI_VALUES = Table(
    "kpi_values",
    "One row per KPI, cadence, period and slice; every period up to the clock, none missing.",
    VALUE_COLUMNS,
    VALUE_CHECKS,
)

KPI_LATEST = Table(
    "kpi_latest",
    "Per KPI and cadence the newest period that is due and the open one, total slice.",
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
        *_KEY,
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
        *_KEY,
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
        _one_of("kind", TARGET_KIND),
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

KPI_RESTATEMENTS = Table(
    "kpi_restatements",
    "Final values that a later run replaced by another final value of the same definition.",
    (
        *_KEY,
        Column("spec_fingerprint", "VARCHAR", "Definition, the same for both.", required=True),
        Column("revision", "INTEGER", "1 for the first restatement.", required=True),
        Column("old_value", "DOUBLE", "Value before.", required=True),
        Column("new_value", "DOUBLE", "Value since.", required=True),
        Column("old_computed_at", "TIMESTAMP", "When the old value was published, UTC.", True),
        Column("old_run_id", "VARCHAR", "By which run.", required=True),
        Column("restated_at", "TIMESTAMP", "When it was replaced, UTC.", required=True),
        Column("run_id", "VARCHAR", "By which run.", required=True),
    ),
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
            Column("metric_type", "VARCHAR", "simple, ratio or growth.", required=True),
            Column("formula", "VARCHAR", "How it is computed, for people.", required=True),
            Column("sql", "VARCHAR", "How it is computed, for machines.", required=True),
            Column("unit", "VARCHAR", "number, percent, currency, duration, ratio.", required=True),
            Column("currency", "VARCHAR", "Currency where the unit is one."),
            Column("decimals", "INTEGER", "Decimals to show.", required=True),
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
        KPI_OBJECTIVES, KPI_RESTATEMENTS, PUBLICATION,
    )  # fmt: skip


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def ddl(table: Table, database: str) -> str:
    """CREATE TABLE with its constraints, in schema `main` of `database`."""
    lines = [
        f"{quoted(column.name)} {column.type}{' NOT NULL' if column.required else ''}"
        for column in table.columns
    ]
    lines += [f"CHECK ({check})" for check in table.checks]
    return f"CREATE TABLE {_path(table, database)} ({', '.join(lines)})"


def comments(table: Table, database: str) -> str:
    """COMMENT statements of the table and its columns.

    To be run on the filled table: each one makes a new version of the table, and a commit of rows
    and versions together took four times as long.
    """
    name = _path(table, database)
    statements = [f"COMMENT ON TABLE {name} IS {literal(table.comment)}"]
    statements += [
        f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {literal(column.comment)}"
        for column in table.columns
    ]
    return ";\n".join(statements)


def _path(table: Table, database: str) -> str:
    return f"{quoted(database)}.main.{quoted(table.name)}"
