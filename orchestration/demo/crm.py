"""The sales team's CRM: leads (shops, offices, caterers) and the deals won from them."""

from pathlib import Path

import duckdb
import numpy as np

from orchestration.demo.calibration import (
    DAYS,
    FIRST_DAY,
    LAST_DAY,
    LEAD_ORIGINS,
    LEADS,
    WIN_LAG_MEDIAN,
    WIN_LAG_SPREAD,
    WIN_RATE,
)
from orchestration.demo.files import table, write_monthly


def export(
    con: duckdb.DuckDBPyConnection, landing: Path, rng: np.random.Generator
) -> dict[str, int]:
    """Write `crm/`: leads by month of creation, deals by month of winning. Returns rows by source.

    Leads of the last weeks are still open, as they would be: their deals fall after the export.
    """
    origins = np.array(list(LEAD_ORIGINS), dtype=object)
    shares = np.array(list(LEAD_ORIGINS.values()))
    lag = np.ceil(rng.lognormal(np.log(WIN_LAG_MEDIAN - 0.5), WIN_LAG_SPREAD, LEADS))
    columns = {
        "created": np.sort(rng.integers(0, DAYS, LEADS)),
        "origin": origins[rng.choice(len(origins), LEADS, p=shares / shares.sum())],
        "won": rng.permutation(LEADS) < round(WIN_RATE * LEADS),
        "lag": lag.astype(np.int64),
        "amount": np.round(rng.lognormal(np.log(900), 0.6, LEADS), -1).astype(np.int64),
    }
    table(con, "lead_numbers", columns)
    con.execute(
        f"""create or replace temp table leads as
        select
            printf('lead-%05d', row_number() over ()) as lead_id,
            '{FIRST_DAY}'::date + created::int as created_on,
            origin, won, created_on + lag::int as won_on, amount
        from lead_numbers"""
    )
    return {
        "crm_leads": write_monthly(
            con,
            "select lead_id, created_on, origin, true as synthetic from leads order by lead_id",
            landing / "crm",
            "leads_{month}.csv",
            by="created_on",
        ),
        "crm_deals": write_monthly(
            con,
            f"""select
                'deal-' || lead_id[6:] as deal_id, lead_id, won_on, amount, true as synthetic
            from leads where won and won_on <= '{LAST_DAY}' order by won_on, lead_id""",
            landing / "crm",
            "deals_{month}.csv",
            by="won_on",
        ),
    }
