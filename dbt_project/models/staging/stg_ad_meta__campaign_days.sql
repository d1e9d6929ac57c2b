with source as (
    select * from {{ source('raw', 'ad_meta') }}
)

select
    date_start as ad_date,
    campaign_id,
    campaign_name,
    publisher_platform,
    account_currency as currency,
    impressions,
    inline_link_clicks as clicks,
    spend,
    purchases as conversions
from source
{{ last_file(['date_start', 'campaign_id']) }}
