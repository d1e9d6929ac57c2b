select
    _line as line,
    date as shown_on,
    platform,
    campaign_type,
    industry,
    country,
    impressions,
    clicks,
    ad_spend,
    conversions,
    revenue
from {{ source('raw', 'platform_ads') }}
