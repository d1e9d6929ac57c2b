"""Names that a publication needs for itself; `orchestration.publish.schema` declares the tables."""

# kpi_<name> is a table that every publication has, or will have.
TABLES = frozenset(
    {
        "values", "latest", "catalog", "checks", "targets", "objectives", "restatements",
        "incidents", "smart", "findings", "history", "check_history", "publications", "sources",
    }
)  # fmt: skip
# What stands in for an input of a KPI: kpi_inputs_of_<kpi>__<input>.
INPUTS_PREFIX = "inputs_of_"
# kpi_parts_<dataset>_<cadence>, kpi_wide_<cadence>
PREFIXES = ("parts_", "wide_", INPUTS_PREFIX)

# A row of raw.<source> has these beside the source's columns: where it came from.
ORIGIN_COLUMNS = frozenset({"_file", "_line", "_load_id", "_loaded_at"})

# Steps of generated models have these columns beside the dimensions.
STEP_COLUMNS = frozenset(
    {
        "day", "date", "day_number", "slice_no", "period_no", "has_rows", "is_new", "measured",
        "days_passed", "current_value", "base_value",
    }
)  # fmt: skip

# A dimension is a column of kpi_<id> beside these, and of the evidence.
COLUMNS = frozenset(
    {
        "kpi", "spec_version", "spec_fingerprint", "cadence", "calendar", "period", "period_start",
        "period_end", "period_days", "previous_period", "year_ago_period", "base_period", "slice",
        "slice_value", "dimensions", "value", "numerator", "denominator", "row_count", "unit",
        "data_status", "reason_codes", "reason", "last_good_value", "last_good_period", "target",
        "target_low", "target_high", "attainment", "target_status", "pace_target",
        "pace_target_low", "pace_target_high", "pace", "signal", "centre_line", "lower_limit",
        "upper_limit", "moving_range_limit", "limit_points", "signal_basis", "signal_rule",
        "previous_value", "previous_change", "year_ago_value", "year_ago_change", "coverage",
        "data_through", "due_at", "closed_at", "revision", "computed_at", "run_id", "days",
        "facts", "is_open", "least_rows", "open_rows", "open_until",
        "sample_rows",
    }
)  # fmt: skip
