"""Ad platforms: daily campaign exports, and the conversions that link ads to real baskets.

A platform's conversions of a day are the rows of the conversion export of that day, so that cost
per acquisition and return on ad spend speak of the same orders. Arrays of days and campaigns have
the shape (DAYS, len(CAMPAIGNS)).
"""

from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from orchestration.demo.calibration import (
    CAMPAIGNS,
    CURRENCY,
    DAILY_NOISE,
    DAYS,
    FIRST_DAY,
    MONTH_SHAPE,
    WEEKDAY_SHAPE,
    YEARLY_SPEND,
)
from orchestration.demo.files import table, write_monthly

Ints = NDArray[np.int64]
CLICK_TO_ORDER = 0.55  # assumed: chance that the order falls on the click's day, then geometric

_GOOGLE = f"""select
    day as date, '402-115-7733' as customer_id, campaign_id, campaign_name,
    'SEARCH' as advertising_channel_type, '{CURRENCY}' as currency_code, impressions, clicks,
    cost_cents * 10000 as cost_micros, conversions, true as synthetic
from ad_days where platform = 'google_ads' order by day, campaign_id"""

# Meta's insights deliver numbers as text; the placement tells social from display.
_META = f"""select
    day as date_start, day as date_stop, 'act_2290017' as account_id,
    campaign_id::varchar as campaign_id, campaign_name,
    if(channel = 'social', 'facebook', 'audience_network') as publisher_platform,
    '{CURRENCY}' as account_currency, impressions::varchar as impressions,
    clicks::varchar as inline_link_clicks,
    printf('%d.%02d', cost_cents // 100, cost_cents % 100) as spend,
    conversions::varchar as purchases, true as synthetic
from ad_days where platform = 'meta' order by day, campaign_id"""


def export(
    con: duckdb.DuckDBPyConnection, landing: Path, rng: np.random.Generator
) -> dict[str, int]:
    """Write `google_ads/`, `meta_ads/` and `attribution/`. Returns rows by source.

    Needs the temporary table `baskets` (basket_id, order_date).
    """
    impressions, clicks, cost_cents = _delivery(rng)
    rates = np.array([c.conversion_rate for c in CAMPAIGNS])
    conversions = _attribute(con, rng.binomial(clicks, rates), rng)
    _ad_days(con, impressions, clicks, cost_cents, conversions)
    return {
        "ad_google": write_monthly(
            con, _GOOGLE, landing / "google_ads", "campaign_performance_{month}.csv", by="date"
        ),
        "ad_meta": write_monthly(
            con, _META, landing / "meta_ads", "insights_{month}.jsonl", by="date_start"
        ),
        "ad_conversions": write_monthly(
            con,
            "select * from conversions order by conversion_id",
            landing / "attribution",
            "conversions_{month}.csv",
            by="conversion_date",
        ),
    }


def _delivery(rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Impressions, clicks and cost in cents. Search is bought by click, the rest by impression."""
    day = np.arange(DAYS)
    month = (np.datetime64(FIRST_DAY) + day).astype("datetime64[M]").astype(np.int64) % 12
    shape = np.take(WEEKDAY_SHAPE, (day + FIRST_DAY.weekday()) % 7) * np.take(MONTH_SHAPE, month)
    size = (DAYS, len(CAMPAIGNS))
    weights = shape[:, None] * rng.lognormal(0.0, DAILY_NOISE, size)
    shares = np.array([c.share for c in CAMPAIGNS])
    budget = YEARLY_SPEND * shares * weights / weights.sum(axis=0)
    price = np.array([c.price for c in CAMPAIGNS]) * rng.lognormal(0.0, 0.04, size)
    ctr = np.array([c.ctr for c in CAMPAIGNS]) * rng.lognormal(0.0, 0.05, size)
    by_click = np.array([c.channel == "search" for c in CAMPAIGNS])

    clicks_bought = rng.poisson(budget / price)
    searched = clicks_bought + rng.poisson(clicks_bought * (1 / ctr - 1))
    shown = rng.poisson(budget / price * 1000)
    impressions = np.where(by_click, searched, shown)
    clicks = np.where(by_click, clicks_bought, rng.binomial(shown, ctr))
    cost = np.where(by_click, clicks_bought * price, shown / 1000 * price)
    return impressions, clicks, np.round(cost * 100).astype(np.int64)


def _attribute(con: duckdb.DuckDBPyConnection, wanted: Ints, rng: np.random.Generator) -> Ints:
    """Give each wanted conversion a basket of its day, no basket twice. Returns what was given.

    On a day with fewer baskets than wanted (Christmas has none) the rest is left out. Leaves the
    table `conversions`.
    """
    given = con.execute(
        f"select basket_id, order_date - '{FIRST_DAY}'::date as day from baskets order by basket_id"
    ).fetchnumpy()
    shuffled = np.lexsort((rng.random(len(given["day"])), given["day"]))  # by day, then at random
    available = np.bincount(given["day"], minlength=DAYS)
    first = np.cumsum(available) - available

    day = np.repeat(np.arange(DAYS), wanted.sum(axis=1))
    campaign = np.repeat(np.tile(np.arange(len(CAMPAIGNS)), DAYS), wanted.ravel())
    rank = np.arange(len(day)) - np.repeat(
        np.cumsum(wanted.sum(axis=1)) - wanted.sum(axis=1), wanted.sum(axis=1)
    )
    fits = rank < available[day]
    day, campaign, rank = day[fits], campaign[fits], rank[fits]
    lag = rng.geometric(CLICK_TO_ORDER, len(day)) - 1
    ids = np.array([c.campaign_id for c in CAMPAIGNS])
    basket = given["basket_id"][shuffled][first[day] + rank]
    columns = {"day": day, "lag": lag, "campaign_id": ids[campaign], "basket_id": basket}
    table(con, "attributed", columns)
    con.execute(
        f"""create or replace temp table conversions as
        select
            printf('c%06d', row_number() over (order by day, a.campaign_id, basket_id))
                as conversion_id,
            '{FIRST_DAY}'::date + day::int as conversion_date,
            '{FIRST_DAY}'::date + greatest(day - lag, 0)::int as click_date,
            a.campaign_id, basket_id, true as synthetic
        from attributed as a"""
    )
    flat = np.bincount(day * len(CAMPAIGNS) + campaign, minlength=wanted.size)
    return flat.reshape(wanted.shape)


def _ad_days(
    con: duckdb.DuckDBPyConnection, impressions: Ints, clicks: Ints, cost_cents: Ints, given: Ints
) -> None:
    """Leave the table `ad_days`, one row per day and campaign."""
    columns = {
        "days": np.repeat(np.arange(DAYS), len(CAMPAIGNS)),
        "campaign_id": np.tile([c.campaign_id for c in CAMPAIGNS], DAYS),
        "impressions": impressions.ravel(),
        "clicks": clicks.ravel(),
        "cost_cents": cost_cents.ravel(),
        "conversions": given.ravel(),
    }
    table(con, "ad_numbers", columns)
    named = ", ".join(
        f"({c.campaign_id}, '{c.name}', '{c.platform}', '{c.channel}')" for c in CAMPAIGNS
    )
    con.execute(
        f"""create or replace temp table ad_days as
        select
            '{FIRST_DAY}'::date + n.days::int as day, c.*, n.impressions, n.clicks, n.cost_cents,
            n.conversions
        from ad_numbers as n
        inner join (values {named}) as c(campaign_id, campaign_name, platform, channel)
            using (campaign_id)"""
    )
