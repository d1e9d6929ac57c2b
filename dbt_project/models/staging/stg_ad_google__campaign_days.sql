with source as (
    select * from {{ source('raw', 'ad_google') }}
)

select
    date as ad_date,
    campaign_id,
    campaign_name,
    advertising_channel_type,
    currency_code as currency,
    impressions,
    clicks,
    cast(cast(cost_micros as decimal(18, 0)) * 0.000001 as decimal(18, 6)) as spend,
    conversions
from source
{{ last_file(['date', 'campaign_id']) }}
