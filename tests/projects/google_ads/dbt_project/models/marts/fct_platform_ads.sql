select
    line,
    shown_on,
    platform,
    campaign_type,
    industry,
    country,
    impressions,
    clicks,
    ad_spend,
    conversions,
    revenue
from {{ ref('stg_platform_ads__days') }}
