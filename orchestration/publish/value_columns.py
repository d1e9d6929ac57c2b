"""The columns of `kpi_values`, and those that `kpi_<id>` has beside them."""

from orchestration.publish.columns import Column, one_of

MEASURED = "('final', 'provisional')"
DATA_STATUS = ("final", "provisional", "pending", "unmeasurable", "error")
TARGET_STATUS = (
    "exceeded", "on_target", "warning", "off_target", "too_early", "no_target", "not_judged",
)  # fmt: skip
SIGNAL = ("improving", "concerning", "none", "too_few_points")

_CADENCES = "daily, weekly, monthly, quarterly or yearly."
_LABELS = (
    "Label in its calendar: 2017-03-05, 2017-W09, 2017-03, 2017-Q1, 2017; 1396-01; FY2017-P01."
)

KEY_COLUMNS = (
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
    Column(
        "reason_codes",
        "VARCHAR",
        "Why there is no value, comma-separated; beside a value a warning, VOLUME_ANOMALY.",
        required=True,
    ),
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
        "improving, concerning, none; too_few_points below 8 of them. NULL where there is no "
        "value, it is too early, or periods share days (window, to date). kpi_<id> has the limits.",
    ),
    Column("previous_value", "DOUBLE", "Value one period before; NULL where either is unmeasured."),
    Column("previous_change", "DOUBLE", "value / previous_value - 1; NULL on a base not above 0."),
    Column("year_ago_value", "DOUBLE", "Value of the same period a year before."),
    Column("year_ago_change", "DOUBLE", "value / year_ago_value - 1; NULL on a base not above 0."),
    Column(
        "open_rows",
        "BIGINT",
        "Rows that may still change it as time goes on: durations that have not ended, events that "
        "may still be converted. NULL where no row can.",
    ),
    Column("coverage", "DOUBLE", "Share of the expected data that is present, 0 to 1."),
    Column(
        "data_through",
        "DATE",
        "Newest day that all its sources reach, at most the last day that the value takes. NULL "
        "where no source has a time of its own.",
    ),
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
    one_of("data_status", DATA_STATUS),
    one_of("target_status", TARGET_STATUS),
    f"signal IS NULL OR {one_of('signal', SIGNAL)}",
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
