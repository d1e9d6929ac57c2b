select
    date_day as spent_on,
    utm_source as channel,
    utm_campaign as campaign,
    spend
from {{ source('raw', 'ad_spend') }}
{{ latest_load(['date_day', 'utm_campaign']) }}
