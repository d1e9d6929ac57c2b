"""SQL expressions that hold a value against its target, in the KPI's direction.

Each is written for a row `r` of `values` with `value`, `direction` and the sides given.
"""


def share_reached(target: str, low: str, high: str) -> str:
    """1 is exactly on target, more is better. No share can be taken of zero or less."""
    return f"""CASE
        WHEN r.direction = 'higher_is_better' AND {target} > 0 THEN r.value / {target}
        WHEN r.direction = 'lower_is_better' AND {target} > 0 AND r.value > 0
            THEN {target} / r.value
        WHEN r.direction = 'in_range' AND r.value BETWEEN {low} AND {high} THEN 1.0
        WHEN r.direction = 'in_range' AND r.value < {low} AND {low} > 0 THEN r.value / {low}
        WHEN r.direction = 'in_range' AND r.value > {high} AND {high} > 0 THEN {high} / r.value
    END"""


def target_status() -> str:
    """Boundaries inclusive, on unrounded values. Inside a band is on target, never exceeded."""
    return """CASE
        WHEN NOT r.is_measured THEN 'not_judged'
        WHEN NOT r.has_target THEN 'no_target'
        WHEN r.is_early THEN 'too_early'
        WHEN r.direction = 'in_range' THEN
            CASE WHEN r.value BETWEEN r.target_low AND r.target_high THEN 'on_target'
                 ELSE 'off_target' END
        WHEN r.value = r.target THEN 'on_target'
        WHEN r.direction = 'higher_is_better' THEN
            CASE WHEN r.value > r.target THEN 'exceeded'
                 WHEN r.value >= r.warning THEN 'warning' ELSE 'off_target' END
        ELSE
            CASE WHEN r.value < r.target THEN 'exceeded'
                 WHEN r.value <= r.warning THEN 'warning' ELSE 'off_target' END
    END"""
