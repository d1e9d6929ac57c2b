-- Twelve decimals: the simulation divided, and its smallest amounts would lose by rounding.
select
    "DATE" as week,
    cast(revenue as decimal(28, 12)) as revenue,
    cast("tv_S" as decimal(28, 12)) as tv_spend,
    cast("ooh_S" as decimal(28, 12)) as ooh_spend,
    cast("print_S" as decimal(28, 12)) as print_spend,
    cast("search_S" as decimal(28, 12)) as search_spend,
    cast("facebook_S" as decimal(28, 12)) as facebook_spend,
    cast("facebook_I" as decimal(28, 12)) as facebook_impressions,
    cast("search_clicks_P" as decimal(28, 12)) as search_clicks,
    events <> 'na' as has_event
from {{ source('raw', 'weekly') }}
{{ last_file(['"DATE"']) }}
