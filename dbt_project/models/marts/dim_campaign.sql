-- A renamed campaign keeps its id; the newest name holds.
select
    campaign_id,
    arg_max(campaign, ad_date) as campaign,
    arg_max(channel, ad_date) as channel,
    arg_max(platform, ad_date) as platform,
    arg_max(currency, ad_date) as currency,
    min(ad_date) as first_ad_date,
    max(ad_date) as last_ad_date
from {{ ref('fct_ad_performance') }}
group by campaign_id
