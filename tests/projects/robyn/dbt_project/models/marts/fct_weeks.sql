with weeks as (
    select * from {{ ref('stg_weekly__weeks') }}
)

select
    week,
    revenue,
    tv_spend + ooh_spend + print_spend + search_spend + facebook_spend as spend,
    search_spend,
    search_clicks,
    facebook_spend,
    facebook_impressions,
    has_event
from weeks
