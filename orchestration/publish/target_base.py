"""What a target rests on where it is not a number of its own: a published value."""


def base_join(wanted: str, kpi: str) -> str:
    """LEFT JOIN of the published row, as `b`, that a row of `wanted` rests on."""
    w = wanted
    return f"""LEFT JOIN publish_rows AS b
        ON b.kpi = {w}.{kpi} AND b.cadence = {w}.cadence AND b.period = {w}.base_period
        AND b.slice = {w}.slice AND b.slice_value = {w}.slice_value"""


BASE_VALUE = "CASE WHEN b.is_measured AND NOT b.is_early THEN b.value END"


def base_reason(wanted: str, kpi: str) -> str:
    """Why the published row `b` cannot be built upon, as a sentence; '' where it can."""
    w = wanted
    return f"""CASE
            WHEN {w}.base_period IS NULL
                THEN {w}.period || ' has no same period a year before.'
            WHEN b.kpi IS NULL
                THEN 'Nothing is published of ' || {w}.{kpi} || ' for ' || {w}.base_period || '.'
            WHEN NOT b.is_measured
                THEN {w}.{kpi} || ' has no value for ' || {w}.base_period || ' ('
                    || b.data_status || ', ' || b.reason_codes || ').'
            WHEN b.is_early
                THEN {w}.{kpi} || ' for ' || {w}.base_period || ' is not due yet.'
            ELSE '' END"""


def on_paper(number: str) -> str:
    """A computed number as on paper: 500 x 1.1 is 550, where DOUBLE makes 550.0000000000001 of it.

    Taken to the 15 significant digits that a DOUBLE always holds, so that a value which meets the
    target exactly is not a trace below it.
    """
    return f"CAST(format('{{:.15g}}', {number}) AS DOUBLE)"
