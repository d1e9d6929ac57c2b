with google as (
    select
        *,
        'google_ads' as platform,
        lower(advertising_channel_type) as channel
    from {{ ref('stg_ad_google__campaign_days') }}
),

meta as (
    select
        *,
        'meta' as platform,
        case publisher_platform when 'facebook' then 'social' else 'display' end as channel
    from {{ ref('stg_ad_meta__campaign_days') }}
),

platforms as (
    select * from google
    union all by name
    select * from meta
)

select
    ad_date,
    coalesce(channel, 'unknown') as channel,
    platform,
    campaign_id,
    coalesce(campaign_name, 'unknown') as campaign,
    coalesce(currency, 'unknown') as currency,
    impressions,
    clicks,
    cast(spend as decimal(18, 6)) as spend,
    conversions
from platforms
