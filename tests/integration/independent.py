"""The demo's KPIs once more, by pandas from the raw files of `landing/`.

Written from the definitions in words, apart from the compiler, dbt and the warehouse: nothing here
imports the engine or reads its YAML, its SQL or DuckDB. Money is counted in whole millionths of a
dollar, so that sums are exact.

A computation takes the raw data, a cadence and the dimensions of a slice (none: the total). It
gives a frame with `numerator` and, for ratios, `denominator`, indexed by period label and slice
values.
"""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

Slice = tuple[str, ...]
Computation = Callable[["Raw", str, Slice], pd.DataFrame]

STORE_ZONE = "America/New_York"
MILLION = 1_000_000
FUEL_ABOVE = 100  # more than so many "units" in a line are thousandths of a gallon


@dataclass(frozen=True)
class Raw:
    """What lies in landing/, typed; `date` is the business date, money is in millionths."""

    lines: pd.DataFrame  # one product of one basket
    ads: pd.DataFrame  # one campaign on one day, both platforms
    conversions: pd.DataFrame  # one basket that an ad brought
    refunds: pd.DataFrame
    leads: pd.DataFrame
    deals: pd.DataFrame
    unit_costs: pd.Series  # by product


def read(landing: Path) -> Raw:
    """Read every raw file of the demo."""
    return Raw(
        lines=_lines(landing),
        ads=_ads(landing),
        conversions=_csv(landing, "attribution/conversions_*.csv", date="conversion_date"),
        refunds=_csv(landing, "refunds/refunds_*.csv", date="refund_date", money="amount"),
        leads=_csv(landing, "crm/leads_*.csv", date="created_on"),
        deals=_csv(landing, "crm/deals_*.csv", date="won_on"),
        unit_costs=_csv(landing, "finance/product_costs.csv", money="unit_cost").set_index(
            "product_id"
        )["unit_cost"],
    )


def _lines(landing: Path) -> pd.DataFrame:
    files = sorted((landing / "pos").glob("transactions_*.parquet"))
    lines = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    utc = lines["transaction_timestamp"].dt.tz_localize("UTC")
    lines["date"] = utc.dt.tz_convert(STORE_ZONE).dt.tz_localize(None).dt.normalize()
    lines["sales"] = _cents(lines["sales_value"])
    # What the retailer gives away itself; the manufacturer's coupons are paid to it.
    lines["discount"] = _cents(lines["retail_disc"]) + _cents(lines["coupon_match_disc"])
    products = pd.read_parquet(landing / "pos" / "products.parquet")
    products = products.set_index("product_id")
    for name in ("department", "brand"):  # the catalogue lacks some products that are sold
        lines[name] = lines["product_id"].map(products[name]).fillna("(none)")
    return lines


def _cents(amounts: pd.Series) -> pd.Series:
    """Amounts in binary fractions of dollars, back to whole cents, in millionths."""
    return (amounts * 100).round().astype("int64") * (MILLION // 100)


def _ads(landing: Path) -> pd.DataFrame:
    google = _csv(landing, "google_ads/campaign_performance_*.csv", date="date")
    google["channel"] = google["advertising_channel_type"].str.lower()
    google["spend"] = google["cost_micros"]
    meta = pd.DataFrame(
        [
            json.loads(line)
            for file in sorted((landing / "meta_ads").glob("insights_*.jsonl"))
            for line in file.read_text(encoding="utf-8").splitlines()
        ]
    )
    meta["date"] = pd.to_datetime(meta["date_start"])
    meta["channel"] = meta["publisher_platform"].map(
        {"facebook": "social", "audience_network": "display"}
    )
    meta["spend"] = _millionths(meta["spend"])
    meta = meta.rename(columns={"inline_link_clicks": "clicks", "purchases": "conversions"})
    columns = ["date", "channel", "campaign_name", "campaign_id"]
    counts = ["impressions", "clicks", "conversions", "spend"]
    ads = pd.concat([google[[*columns, *counts]], meta[[*columns, *counts]]], ignore_index=True)
    ads = ads.astype(dict.fromkeys(("campaign_id", *counts), "int64"))
    return ads.rename(columns={"campaign_name": "campaign"})


def _csv(landing: Path, glob: str, *, date: str = "", money: str = "") -> pd.DataFrame:
    files = sorted(landing.glob(glob))
    text = {money: "string"} if money else {}
    frame = pd.concat([pd.read_csv(file, dtype=text) for file in files], ignore_index=True)
    if date:
        frame["date"] = pd.to_datetime(frame[date])
    if money:
        frame[money] = _millionths(frame[money])
    return frame


def _millionths(amounts: pd.Series) -> pd.Series:
    """'12.34' -> 12340000, digit by digit: no binary fraction comes in between."""
    parts = amounts.astype("string").str.split(".", n=1, expand=True)
    fraction = parts[1].fillna("") if 1 in parts else ""
    return (parts[0] + (fraction + "000000").str[:6]).astype("int64")


# Periods


def label(day: dt.date, cadence: str) -> str:
    """The period that a day lies in: 2017-03-05, 2017-W09 (ISO), 2017-03, 2017-Q1, 2017."""
    iso = day.isocalendar()
    return {
        "daily": f"{day:%Y-%m-%d}",
        "weekly": f"{iso.year}-W{iso.week:02d}",
        "monthly": f"{day:%Y-%m}",
        "quarterly": f"{day:%Y}-Q{(day.month + 2) // 3}",
        "yearly": f"{day:%Y}",
    }[cadence]


def labels(dates: pd.Series, cadence: str) -> pd.Series:
    """The period labels of many days."""
    return dates.map({day: label(day.date(), cadence) for day in dates.unique()})


def _grouped(frame: pd.DataFrame, cadence: str, by: Slice) -> "pd.api.typing.DataFrameGroupBy":
    period = labels(frame["date"], cadence).rename("period")
    return frame.groupby([period, *(frame[name] for name in by)])


def _simple(numerator: pd.Series, *, scale: int = 1) -> pd.DataFrame:
    return pd.DataFrame({"numerator": numerator / scale})


def _ratio(
    numerator: pd.Series, denominator: pd.Series, *, scales: tuple[int, int] = (1, 1)
) -> pd.DataFrame:
    """A denominator without numerator rows has a numerator of 0, not none."""
    numerator = numerator.reindex(denominator.index, fill_value=0)
    return pd.DataFrame(
        {"numerator": numerator / scales[0], "denominator": denominator / scales[1]}
    )


# Sales


def gross_revenue(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """What households paid at the till."""
    return _simple(_grouped(raw.lines, cadence, by)["sales"].sum(), scale=MILLION)


def revenue_year_to_date(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Revenue from 1 January to the period's last day."""
    sales = raw.lines.groupby(["date", *by])["sales"].sum()
    wide = sales.unstack(list(by), fill_value=0) if by else sales.to_frame("total")
    wide = wide.reindex(pd.date_range(wide.index.min(), wide.index.max()), fill_value=0)
    so_far = wide.groupby(wide.index.year).cumsum()
    last_day = so_far.groupby(labels(so_far.index.to_series(), cadence)).last()
    last_day.index.name = "period"
    return _simple(last_day.stack(list(by)) if by else last_day["total"], scale=MILLION)


def discount_rate(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """What the retailer gives away, over what the shelf said."""
    sums = _grouped(raw.lines, cadence, by)[["discount", "sales"]].sum()
    return _ratio(sums["discount"], sums.sum(axis=1), scales=(MILLION, MILLION))


def orders(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Different baskets."""
    return _simple(_grouped(raw.lines, cadence, by)["basket_id"].nunique())


def average_order_value(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Revenue per basket."""
    lines = _grouped(raw.lines, cadence, by)
    return _ratio(lines["sales"].sum(), lines["basket_id"].nunique(), scales=(MILLION, 1))


def sales_volume(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Units without fuel; a day that sold fuel alone has 0 units."""
    lines = raw.lines.assign(units=raw.lines["quantity"].where(raw.lines["quantity"] <= FUEL_ABOVE))
    return _simple(_grouped(lines, cadence, by)["units"].sum())


def active_customers(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Different households."""
    return _simple(_grouped(raw.lines, cadence, by)["household_id"].nunique())


def active_customers_28_days(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Different households of the 28 days that end with the period's last day."""
    if by:
        raise AssertionError("only the total is defined here")
    visits = raw.lines[["date", "household_id"]].drop_duplicates()
    days = pd.Series(pd.date_range(visits["date"].min(), visits["date"].max()))
    ends = days.groupby(labels(days, cadence)).max()
    before = {period: (end - visits["date"]).dt.days for period, end in ends.items()}
    found = {
        period: visits.loc[(age >= 0) & (age < 28), "household_id"].nunique()
        for period, age in before.items()
    }
    return _simple(pd.Series(found))


def regular_customer_share(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Households with twelve or more baskets in the period, of those with any."""
    if by:
        raise AssertionError("only the total is defined here")
    baskets = raw.lines.drop_duplicates("basket_id")
    baskets = baskets.assign(period=labels(baskets["date"], cadence))
    times = baskets.groupby(["period", "household_id"]).size()
    return _ratio((times >= 12).groupby("period").sum(), times.groupby("period").size())


def repeat_purchase_rate(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Households that bought not for the first time ever, of those that bought at all."""
    baskets = raw.lines.drop_duplicates("basket_id").sort_values(
        ["transaction_timestamp", "basket_id"]
    )
    baskets = baskets.assign(nth=baskets.groupby("household_id").cumcount() + 1)
    again = _grouped(baskets[baskets["nth"] > 1], cadence, by)["household_id"].nunique()
    return _ratio(again, _grouped(baskets, cadence, by)["household_id"].nunique())


def new_customers(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Households whose first purchase ever lies in the period."""
    first = raw.lines.groupby("household_id", as_index=False)["date"].min()
    return _simple(_grouped(first, cadence, by).size())


def net_revenue(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Sales by day of sale less refunds by day of refund."""
    sales = _grouped(raw.lines, cadence, by)["sales"].sum()
    back = _grouped(raw.refunds, cadence, by)["amount"].sum()
    return _simple(sales.sub(back, fill_value=0), scale=MILLION)


def refund_rate(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Money given back in the period over money taken in it."""
    back = _grouped(raw.refunds, cadence, by)["amount"].sum()
    taken = _grouped(raw.lines, cadence, by)["sales"].sum()
    return _ratio(back, taken, scales=(MILLION, MILLION))


def sales_growth(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Whole month against whole month; a department without sales in a month sold 0."""
    revenue = gross_revenue(raw, cadence, by)["numerator"]
    wide = revenue.unstack(list(by), fill_value=0.0) if by else revenue.to_frame("total")
    if wide.index.tolist() != [f"2017-{month:02d}" for month in range(1, 13)]:
        raise AssertionError("shifting by row needs all twelve months")
    change, base = wide.diff().iloc[1:], wide.shift().iloc[1:]
    if not by:
        change, base = change["total"], base["total"]
    else:
        change, base = change.stack(list(by)), base.stack(list(by))
    growth = pd.DataFrame({"numerator": change, "denominator": base})
    return growth[growth["denominator"] != 0]  # from nothing to something is no percentage


# Marketing


def ad_spend(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Cost of both platforms."""
    return _simple(_grouped(raw.ads, cadence, by)["spend"].sum(), scale=MILLION)


def impressions(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Ads shown."""
    return _simple(_grouped(raw.ads, cadence, by)["impressions"].sum())


def _of_ads(numerator: str, denominator: str) -> Computation:
    def computation(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
        ads = _grouped(raw.ads, cadence, by)
        scales = (MILLION if numerator == "spend" else 1, 1)
        return _ratio(ads[numerator].sum(), ads[denominator].sum(), scales=scales)

    return computation


def customer_acquisition_cost(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Ad spend per household that bought for the first time."""
    spend = ad_spend(raw, cadence, by)["numerator"]
    return _ratio(spend, new_customers(raw, cadence, by)["numerator"])


def marketing_share_of_revenue(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Ad spend over revenue."""
    spend = ad_spend(raw, cadence, by)["numerator"]
    return _ratio(spend, gross_revenue(raw, cadence, by)["numerator"])


def _attributed(raw: Raw) -> pd.DataFrame:
    """One row per attributed basket: its sales, its cost of goods, its campaign and channel."""
    lines = raw.lines
    cost = lines["quantity"] * lines["product_id"].map(raw.unit_costs).fillna(0).astype("int64")
    baskets = lines.assign(goods=cost).groupby("basket_id")[["sales", "goods"]].sum()
    campaigns = raw.ads.groupby("campaign_id")[["channel", "campaign"]].first()
    attributed = raw.conversions.join(baskets, on="basket_id", validate="1:1")
    return attributed.join(campaigns, on="campaign_id", validate="m:1")


def return_on_ad_spend(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Sales of the baskets that ads brought, over what the ads cost."""
    brought = _grouped(_attributed(raw), cadence, by)["sales"].sum()
    spent = _grouped(raw.ads, cadence, by)["spend"].sum()
    return _ratio(brought, spent, scales=(MILLION, MILLION))


def return_on_investment(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """What is left of those sales after goods and ads, over goods and ads."""
    brought = _grouped(_attributed(raw), cadence, by)[["sales", "goods"]].sum()
    spent = _grouped(raw.ads, cadence, by)["spend"].sum()
    brought = brought.reindex(spent.index, fill_value=0)
    invested = brought["goods"] + spent
    return _ratio(brought["sales"] - invested, invested, scales=(MILLION, MILLION))


# Leads


def leads(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Leads by day of creation."""
    return _simple(_grouped(raw.leads, cadence, by).size())


def lead_win_rate(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Of the leads created in the period, those won on their day or one of the 89 after it."""
    first_deal = raw.deals.groupby("lead_id")["date"].min()
    days = (raw.leads["lead_id"].map(first_deal) - raw.leads["date"]).dt.days
    won = raw.leads[(days >= 0) & (days < 90)]
    return _ratio(_grouped(won, cadence, by).size(), _grouped(raw.leads, cadence, by).size())


def sales_cycle_length(raw: Raw, cadence: str, by: Slice) -> pd.DataFrame:
    """Mean days from lead to deal, by day of winning."""
    created = raw.leads.set_index("lead_id")["date"]
    deals = raw.deals.assign(days=(raw.deals["date"] - raw.deals["lead_id"].map(created)).dt.days)
    closed = _grouped(deals, cadence, by)["days"]
    return _ratio(closed.sum(), closed.count())


COMPUTATIONS: dict[str, Computation] = {
    "active_customers": active_customers,
    "active_customers_28_days": active_customers_28_days,
    "ad_spend": ad_spend,
    "average_order_value": average_order_value,
    "click_through_rate": _of_ads("clicks", "impressions"),
    "conversion_rate": _of_ads("conversions", "clicks"),
    "cost_per_acquisition": _of_ads("spend", "conversions"),
    "cost_per_click": _of_ads("spend", "clicks"),
    "customer_acquisition_cost": customer_acquisition_cost,
    "discount_rate": discount_rate,
    "gross_revenue": gross_revenue,
    "impressions": impressions,
    "lead_win_rate": lead_win_rate,
    "leads": leads,
    "marketing_share_of_revenue": marketing_share_of_revenue,
    "net_revenue": net_revenue,
    "new_customers": new_customers,
    "orders": orders,
    "refund_rate": refund_rate,
    "regular_customer_share": regular_customer_share,
    "repeat_purchase_rate": repeat_purchase_rate,
    "return_on_ad_spend": return_on_ad_spend,
    "return_on_investment": return_on_investment,
    "revenue_year_to_date": revenue_year_to_date,
    "sales_cycle_length": sales_cycle_length,
    "sales_growth": sales_growth,
    "sales_volume": sales_volume,
}


def compute(raw: Raw, kpi: str, cadence: str, by: Slice = ()) -> pd.DataFrame:
    """One KPI: numerator, denominator (NaN where it has none) and value by (period, slice value).

    Slice values are joined as they are published: 'search | Search - Brand'.
    """
    found = COMPUTATIONS[kpi](raw, cadence, by)
    if "denominator" in found:
        found = found[found["denominator"] != 0]
        found = found.assign(value=found["numerator"] / found["denominator"])
    else:
        found = found.assign(denominator=np.nan, value=found["numerator"])
    keys = [key if isinstance(key, tuple) else (key,) for key in found.index]
    found.index = pd.MultiIndex.from_tuples(
        [(period, " | ".join(values) or "total") for period, *values in keys],
        names=["period", "slice_value"],
    )
    return found.astype("float64").sort_index()
