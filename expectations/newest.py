"""What readers of `audit.verdicts` ask in the same words: which rows count, which is the newest.

SQL only; whoever asks has the connection.
"""

# Nobody to tell and no cause: the source has no rows on any day of the period by contract, or there
# is no period to compare with. It says nothing of the KPI.
NOBODYS_MATTER = "(data_status = 'unmeasurable' and concat(party, root) = '')"


def newest_due_totals(as_of: str) -> str:
    """SQL of the verdict on each KPI's and cadence's newest due period, total slice.

    Periods that are pending or nobody's matter are passed over.

    Args:
        as_of: SQL of the clock.
    """
    return f"""
        select *
        from audit.verdicts
        where slice = 'total'
            and due_at <= {as_of}
            and data_status <> 'pending'
            and not {NOBODYS_MATTER}
        qualify row_number() over (partition by kpi, cadence order by period_start desc) = 1
    """
