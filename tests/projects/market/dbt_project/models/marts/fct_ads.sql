select day as ad_date, channel, impressions, clicks, spend
from {{ ref('stg_ads__days') }}
