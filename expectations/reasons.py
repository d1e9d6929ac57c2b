"""The reasons why a value is not measured: one entry per code and cause.

A new reason is one `Reason` here, one check in `checks.py` or `row_checks.py`, and the evidence
column that it reads.
Templates are filled with the columns of `audit.evidence`.
"""

from dataclasses import dataclass
from typing import Literal

Status = Literal["pending", "unmeasurable", "error", "measured"]
Party = Literal["source_owner", "kpi_owner", "platform", "upstream", "nobody"]

# Precedence: only the reasons of the lowest rank that holds are told, all others follow from it.
ERROR, SOURCE, COLUMN, UPSTREAM, PENDING, DATA, GROWING, WARNING = range(8)


@dataclass(frozen=True)
class Reason:
    """What a failed check means for the row.

    Attributes:
        code: As in the published `reason_codes`.
        status: data_status of the row; `measured` is a warning, and leaves final or provisional.
        rank: Precedence, lower wins.
        party: Who is told. `upstream` passes on whoever the input's verdict names.
        sentence: One plain sentence naming observed and expected.
        root: The root cause that alerts are grouped by; empty where nobody is told.
        source: For `source_owner`, the evidence column that names the source.
        owned: For `kpi_owner`, the evidence column that names the KPI.
    """

    code: str
    status: Status
    rank: int
    party: Party
    sentence: str
    root: str = ""
    source: str = ""
    owned: str = "kpi"


SPEC_INVALID = Reason(
    "SPEC_INVALID", "error", ERROR, "kpi_owner",
    "Its spec is invalid, so its values are withheld: {spec_problem}",
    root="spec:{invalid_spec}",
)  # fmt: skip
INPUT_SPEC_INVALID = Reason(
    "UPSTREAM_UNMEASURABLE", "unmeasurable", ERROR, "kpi_owner",
    "It is computed from {invalid_spec}, the spec of which is invalid: {spec_problem}",
    root="spec:{invalid_spec}", owned="invalid_spec",
)  # fmt: skip

COMPUTE_ERROR = Reason(
    "COMPUTE_ERROR", "error", ERROR, "platform",
    "Computing {failed_kpi} failed: {compute_message}.",
    root="{compute_root}",
)  # fmt: skip
CHECK_ERROR = Reason(
    "CHECK_ERROR", "error", ERROR, "platform",
    "The checks of {kpi} could not be made, so its values are withheld: {check_message}.",
    root="check:{broken_check}",
)  # fmt: skip
SOURCE_MISSING = Reason(
    "SOURCE_MISSING", "unmeasurable", SOURCE, "source_owner",
    "The source {missing_source} {missing_why}.",
    root="source:{missing_source}", source="missing_source",
)  # fmt: skip
COLUMN_MISSING = Reason(
    "COLUMN_MISSING", "unmeasurable", COLUMN, "source_owner",
    "The newest data of {column_source} lacks the required column {missing_columns}.",
    root="column:{column_source}.{missing_columns}", source="column_source",
)  # fmt: skip
TYPE_MISMATCH = Reason(
    "TYPE_MISMATCH", "unmeasurable", COLUMN, "source_owner",
    "The column {type_column} of the {type_what} {type_name} should be {type_declared}, and "
    "{type_found}.",
    root="column:{type_name}.{type_column}", source="type_source",
)  # fmt: skip
UPSTREAM_UNMEASURABLE = Reason(
    "UPSTREAM_UNMEASURABLE", "unmeasurable", UPSTREAM, "upstream",
    "It is computed from {upstream}, which has no value for {upstream_period}: {upstream_reason}",
    root="{upstream_root}",
)  # fmt: skip
NO_BASE_PERIOD = Reason(
    "UPSTREAM_UNMEASURABLE", "unmeasurable", UPSTREAM, "nobody",
    "It is compared with {never_upstream} a year before, and the calendar has no such period for "
    "{period}.",
)  # fmt: skip
WARM_UP = Reason(
    "WARM_UP", "pending", PENDING, "nobody",
    "There is not enough history for this period: {warm_up_why}.",
)  # fmt: skip
NOT_DUE = Reason(
    "NOT_DUE", "pending", PENDING, "nobody",
    "The period is due on {due_at}; {days_so_far}.",
)  # fmt: skip
SOURCE_STALE = Reason(
    "SOURCE_STALE", "unmeasurable", DATA, "source_owner",
    "The source {stale_source} is late: its newest day is {stale_through}, "
    "expected {stale_promised} or later.",
    root="source:{stale_source}", source="stale_source",
)  # fmt: skip
ROWS_UNREADABLE = Reason(
    "PERIOD_INCOMPLETE", "unmeasurable", DATA, "source_owner",
    "Lines of the source {unreadable_source} could not be read ({rejected_lines} in "
    "{unreadable_files}), {unreadable_why}.",
    root="source:{unreadable_source}", source="unreadable_source",
)  # fmt: skip
ROWS_UNDATED = Reason(
    "PERIOD_INCOMPLETE", "unmeasurable", DATA, "source_owner",
    "Rows of the dataset {undated_dataset} have no date ({undated_rows} of them), so this period "
    "may lack them; its model has to date them or to leave them out.",
    root="dataset:{undated_dataset}", source="main_source",
)  # fmt: skip
MART_DIFFERS = Reason(
    "RECON_MISMATCH", "unmeasurable", DATA, "platform",
    "What {recon_dataset} is computed from does not agree in {recon_what} of {recon_days}: "
    "{recon_observed} in {recon_observed_at}, {recon_expected} in {recon_expected_at}; the "
    "difference is {recon_difference}, {recon_allowed}. Differences on "
    "the days that this value rests on: {recon_differences}.",
    root="dataset:{recon_dataset}",
)  # fmt: skip
PERIOD_INCOMPLETE = Reason(
    "PERIOD_INCOMPLETE", "unmeasurable", DATA, "source_owner",
    "{present_days} of {expected_days} days are there, where {days_needed} are needed; the "
    "{absent_kind} {absent_id} lacks {absent_days}.",
    root="{absent_kind}:{absent_id}", source="absent_source",
)  # fmt: skip
EARLIER_INCOMPLETE = Reason(
    "PERIOD_INCOMPLETE", "unmeasurable", DATA, "source_owner",
    "It rests on the days before it as well: {earlier_present} of {earlier_expected} of them are "
    "there, where {days_needed} are needed; the {earlier_kind} {earlier_id} lacks "
    "{earlier_absent}.",
    root="{earlier_kind}:{earlier_id}", source="earlier_source",
)  # fmt: skip
NO_ROWS = Reason(
    "NO_ROWS", "unmeasurable", DATA, "source_owner",
    "There is nothing to measure in this period for {slice_value} ({row_count} rows), and "
    "{why_no_zero}.",
    root="{no_rows_root}", source="no_rows_source",
)  # fmt: skip
NOTHING_WITHOUT = Reason(
    "NO_ROWS", "unmeasurable", DATA, "nobody",
    "Every row of this period says what its {slice} is, so there is nothing to measure for "
    "{slice_value}.",
)  # fmt: skip
NO_NUMERATOR_ROWS = Reason(
    "NO_ROWS", "unmeasurable", DATA, "source_owner",
    "The numerator is 0 in this period for {slice_value}, and nothing says that "
    "{numerator_source}, whose newest day is {numerator_through}, holds all of it.",
    root="source:{numerator_source}", source="numerator_source",
)  # fmt: skip
EMPTY_PART = Reason(
    "NO_ROWS", "unmeasurable", DATA, "source_owner",
    "The value is 0 in this period for {slice_value} since one of its datasets has no rows there, "
    "and the spec does not say that this is a zero.",
    root="kpi:{kpi}", source="part_source",
)  # fmt: skip
CLOSED = Reason(
    "NO_ROWS", "unmeasurable", DATA, "nobody",
    "By contract {main_source} has no rows on any day of this period, so there is nothing to "
    "measure.",
)  # fmt: skip
DUPLICATE_KEYS = Reason(
    "DUPLICATE_KEYS", "unmeasurable", DATA, "source_owner",
    "Every row of {duplicate_dataset} should have its own {duplicate_key}; rows of the days that "
    "this value rests on which share it with another row: {duplicate_rows} (e.g. "
    "{duplicate_example}).",
    root="dataset:{duplicate_dataset}", source="duplicate_source",
)  # fmt: skip
DUPLICATE_JOIN_KEYS = Reason(
    "DUPLICATE_KEYS", "unmeasurable", DATA, "source_owner",
    "{doubled_rows} of {rows_before_join} rows of {doubled_dataset} on the days that this value "
    "rests on meet more than one row of {doubled_model} (e.g. {doubled_key} {doubled_example}), "
    "where one is expected.",
    root="model:{doubled_model}", source="doubled_source",
)  # fmt: skip
JOIN_FANOUT = Reason(
    "JOIN_FANOUT", "unmeasurable", DATA, "platform",
    "Joined to {doubled_model}, the {rows_before_join} rows of {doubled_dataset} on the days that "
    "this value rests on become {rows_after_join}, where a join should add none.",
    root="model:{doubled_model}",
)  # fmt: skip
JOIN_ORPHANS = Reason(
    "JOIN_ORPHANS", "unmeasurable", DATA, "source_owner",
    "{orphan_rows} of {orphan_rows_of} rows of {orphan_dataset} on the days that this value rests "
    "on have no match in {orphan_model} (e.g. {orphan_key} {orphan_example}): "
    "{orphan_percent:.4g} %, where at most {orphan_percent_allowed:.4g} % is allowed.",
    root="model:{orphan_model}", source="orphan_source",
)  # fmt: skip
NULL_MEASURE = Reason(
    "NULL_MEASURE", "unmeasurable", DATA, "source_owner",
    "What is measured ({measured}) is empty in some or all of the {row_count} rows of {dataset}, "
    "and an empty value is not a zero.",
    root="dataset:{dataset}", source="main_source",
)  # fmt: skip
DOMAIN_VIOLATION = Reason(
    "DOMAIN_VIOLATION", "unmeasurable", DATA, "source_owner",
    "The source {domain_source} holds values that its contract does not allow, whether this KPI "
    "reads them or not; rows with such values {domain_when}: {domain_rows} (e.g. "
    "{domain_example}).",
    root="column:{domain_source}.{domain_column}", source="domain_source",
)  # fmt: skip
UNIT_JUMP = Reason(
    "DOMAIN_VIOLATION", "unmeasurable", DATA, "source_owner",
    "The amounts of {jump_column} in {jump_dataset}{jump_of} look like another unit "
    "({jump_looks_like}): their median was {jump_was} on the same weekdays before and is "
    "{jump_now} on {jump_day}, about {jump_factor} as much; such days that this value rests on: "
    "{jumped_days}.",
    root="column:{jump_dataset}.{jump_column}", source="jump_source",
)  # fmt: skip
MIXED_UNIT = Reason(
    "MIXED_UNIT", "unmeasurable", DATA, "source_owner",
    "The rows of {unit_dataset} on the days that this value rests on are in {unit_found} "
    "({unit_column}), where {unit_wanted} is needed to add them up.",
    root="dataset:{unit_dataset}", source="unit_source",
)  # fmt: skip
NAMELESS = Reason(
    "NULL_MEASURE", "unmeasurable", DATA, "source_owner",
    "A conversion goes by {nameless_entity}, and on some of the days that this value rests on, "
    "from {nameless_from} on, no row of {nameless_dataset} has one (rows of such days: "
    "{nameless_rows}), so what followed is not known; a filter may leave out rows that need none.",
    root="dataset:{nameless_dataset}", source="nameless_source",
)  # fmt: skip
SOURCE_DIFFERS = Reason(
    "RECON_MISMATCH", "unmeasurable", DATA, "platform",
    "The source {record_source} does not agree with {record_expected_at} in {record_what} of "
    "{record_days}: {record_observed} in {record_observed_at}, {record_expected} there; the "
    "difference is {record_difference}, {record_allowed}. Such periods that this value rests on: "
    "{record_differences}.",
    root="source:{record_source}",
)  # fmt: skip
LOW_SAMPLE = Reason(
    "LOW_SAMPLE", "unmeasurable", DATA, "kpi_owner",
    "The sample is {sample_size:g}, at least {min_sample:g} is needed.",
    root="kpi:{kpi}",
)  # fmt: skip
ZERO_DENOMINATOR = Reason(
    "ZERO_DENOMINATOR", "unmeasurable", DATA, "kpi_owner",
    "The denominator is zero, so there is nothing to divide by; rows in the period: {row_count}.",
    root="kpi:{kpi}",
)  # fmt: skip
NEGATIVE_BASE = Reason(
    "ZERO_DENOMINATOR", "unmeasurable", DATA, "kpi_owner",
    "Its base, {base_period}, is {sample_size:g}, and of what is below zero nothing grows: the "
    "sign would be the wrong one.",
    root="kpi:{kpi}",
)  # fmt: skip
# Told only where nothing else is wrong: what is wrong with the rows, more of them do not cure.
NOT_ENOUGH_YET = Reason(
    "NOT_DUE", "pending", GROWING, "nobody",
    "The period is due on {due_at}; {too_little_so_far}.",
)  # fmt: skip
NAN_COMPARED = Reason(
    "VALUE_INVALID", "unmeasurable", DATA, "source_owner",
    "Rows of {nan_dataset} on the days that this value rests on have NaN as {nan_column} "
    "({nan_rows} of them), and what is compared, counted or found by it is not known; its model "
    "has to write NULL instead.",
    root="dataset:{nan_dataset}", source="nan_source",
)  # fmt: skip
NOT_FINITE = Reason(
    "VALUE_INVALID", "unmeasurable", DATA, "kpi_owner",
    "It comes to {observed_value}, and neither NaN nor infinity is a value; a model that makes one "
    "of them has to write NULL instead.",
    root="kpi:{kpi}",
)  # fmt: skip
OUT_OF_RANGE = Reason(
    "VALUE_INVALID", "unmeasurable", DATA, "kpi_owner",
    "The value {observed_value} is outside the valid range of the spec, which is {valid_range}.",
    root="kpi:{kpi}",
)  # fmt: skip
VOLUME_ANOMALY = Reason(
    "VOLUME_ANOMALY", "measured", WARNING, "source_owner",
    "The source {volume_source} has an unusual number of rows on {volume_day}: {volume_rows}, "
    "where the same weekdays before have {volume_usual:g}; such days that this value takes: "
    "{volume_days}. It is as measured.",
    root="{volume_root}", source="volume_source",
)  # fmt: skip

INPUT_UNUSUAL = Reason(
    "VOLUME_ANOMALY", "measured", WARNING, "upstream",
    "It is computed from {upstream}, and of its value for {upstream_period} there is a warning: "
    "{upstream_reason}",
    root="{upstream_root}",
)  # fmt: skip

# In the order in which they are told: the first that holds gives the sentence, party and root.
REASONS: tuple[Reason, ...] = (
    SPEC_INVALID, INPUT_SPEC_INVALID, COMPUTE_ERROR, CHECK_ERROR,
    SOURCE_MISSING, COLUMN_MISSING, TYPE_MISMATCH, UPSTREAM_UNMEASURABLE, NO_BASE_PERIOD,
    WARM_UP, NOT_DUE,
    SOURCE_STALE, ROWS_UNREADABLE, ROWS_UNDATED, MART_DIFFERS,
    PERIOD_INCOMPLETE, EARLIER_INCOMPLETE,
    NO_ROWS, NOTHING_WITHOUT, NO_NUMERATOR_ROWS, EMPTY_PART, CLOSED,
    DUPLICATE_KEYS, DUPLICATE_JOIN_KEYS, JOIN_FANOUT, JOIN_ORPHANS, DOMAIN_VIOLATION, UNIT_JUMP,
    MIXED_UNIT, SOURCE_DIFFERS,
    NULL_MEASURE, NAMELESS, ZERO_DENOMINATOR, NEGATIVE_BASE, LOW_SAMPLE, NAN_COMPARED,
    NOT_FINITE, OUT_OF_RANGE,
    NOT_ENOUGH_YET,
    VOLUME_ANOMALY, INPUT_UNUSUAL,
)  # fmt: skip

# What more rows can cure: it holds once the period is due, and is `NOT_ENOUGH_YET` before.
CURED_BY_MORE_ROWS = (ZERO_DENOMINATOR, NEGATIVE_BASE, LOW_SAMPLE)
