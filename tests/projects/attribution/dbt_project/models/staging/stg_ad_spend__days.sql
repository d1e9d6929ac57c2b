select
    date_day as spent_on,
    utm_source as channel,
    utm_campaign as campaign,
    spend
from {{ source('raw', 'ad_spend') }}
{{ last_file(['date_day', 'utm_campaign']) }}
