select
    spent_on,
    channel,
    campaign,
    spend
from {{ ref('stg_ad_spend__days') }}
