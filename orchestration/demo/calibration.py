"""The numbers the generated data is drawn from, each with where it comes from.

"Published" names a public data set or benchmark; "assumed" is our choice, made so that derived KPIs
land in a believable range. Nothing here was measured at the shops the sales come from.
"""

import datetime as dt
from dataclasses import dataclass

FIRST_DAY = dt.date(2017, 1, 1)
LAST_DAY = dt.date(2017, 12, 31)  # local; nothing later is exported
DAYS = (LAST_DAY - FIRST_DAY).days + 1
ZONE = "America/New_York"  # the stores' zone; timestamps of the till are UTC
CURRENCY = "USD"

# Assumed: 5.2 % of the panel's sales of 4.596 M.
YEARLY_SPEND = 239_000.0

# Monday to Sunday. Assumed: budgets follow the week's shopping, which peaks before the weekend.
WEEKDAY_SHAPE = (0.96, 0.94, 0.95, 1.00, 1.08, 1.09, 0.98)
# January to December. Assumed: weak after the holidays, strong from Thanksgiving on.
MONTH_SHAPE = (0.90, 0.93, 0.97, 1.00, 1.03, 0.99, 0.96, 0.97, 0.98, 1.01, 1.12, 1.14)
DAILY_NOISE = 0.07  # assumed: standard deviation of the log of a day's spend


@dataclass(frozen=True)
class Campaign:
    """One always-on campaign.

    Attributes:
        campaign_id: the platform's own id.
        name: as people see it.
        platform: google_ads or meta.
        channel: search, display or social.
        share: part of the yearly spend.
        price: money per click for search, per 1,000 impressions otherwise.
        ctr: clicks per impression.
        conversion_rate: attributed orders per click.
    """

    campaign_id: int
    name: str
    platform: str
    channel: str
    share: float
    price: float
    ctr: float
    conversion_rate: float


# Published: search CPC 0.349 and CPM 0.263 are those of the weekly example of Robyn (Meta's
# marketing mix library, itself simulated); display CTR of 0.4-0.7 % is that of the Open Bandit data
# of ZOZOTOWN; search CTR of 2-4 % surrounds the AdWords benchmark of WordStream (3.17 %).
# Assumed: social CPM near 7 and CTR near 1 %; conversion rates, so that attributed sales are a
# fifth of all sales and return on ad spend lies near 4; a 30 % margin breaks even at 3.3.
CAMPAIGNS = (
    Campaign(701001, "Search - Brand", "google_ads", "search", 0.14, 0.28, 0.038, 0.080),
    Campaign(701002, "Search - Groceries", "google_ads", "search", 0.16, 0.39, 0.030, 0.052),
    Campaign(701003, "Search - Delivery", "google_ads", "search", 0.10, 0.45, 0.026, 0.045),
    Campaign(701004, "Search - Recipes", "google_ads", "search", 0.05, 0.34, 0.022, 0.030),
    Campaign(880101, "Display - Prospecting", "meta", "display", 0.05, 0.22, 0.0045, 0.0040),
    Campaign(880102, "Display - Retargeting", "meta", "display", 0.04, 0.36, 0.0068, 0.0110),
    Campaign(880103, "Display - Weekly flyer", "meta", "display", 0.03, 0.24, 0.0052, 0.0050),
    Campaign(880201, "Social - New households", "meta", "social", 0.17, 7.40, 0.0095, 0.0550),
    Campaign(880202, "Social - Loyalty app", "meta", "social", 0.15, 6.60, 0.0110, 0.0700),
    Campaign(880203, "Social - Seasonal", "meta", "social", 0.11, 7.10, 0.0100, 0.0600),
)

# Assumed: 3-4 % of baskets have something given back, 1-21 days later, half the lines wholly.
REFUNDED_BASKETS = 0.0390  # 3.5 % are seen: fuel is not given back, refunds of 2018 not exported
REFUND_DAYS = (1, 21)
WHOLE_LINE = 0.5

# Published: the marketing funnel of Olist, 842 deals of 8,000 leads (10.5 %), median lag 14 days
# (ours is less skewed: Olist's mean is 48 days).
LEADS = 8_000
WIN_RATE = 0.112  # of all leads in the end; 10.5 % are seen, the rest is won in 2018
WIN_LAG_MEDIAN = 15.0  # 14 are seen: the slow deals of the last months fall into 2018
WIN_LAG_SPREAD = 1.0  # assumed: standard deviation of the log of days
LEAD_ORIGINS = {  # assumed: shares near those of Olist
    "organic_search": 0.29,
    "paid_search": 0.20,
    "social": 0.17,
    "direct_traffic": 0.06,
    "email": 0.06,
    "referral": 0.04,
    "unknown": 0.18,
}

# Assumed: unit cost is 70 % of the usual price, between 62 and 78 % by product.
COST_SHARE = (0.62, 0.78)
