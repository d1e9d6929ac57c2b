with weeks as (
    select week, tv_spend, ooh_spend, print_spend, search_spend, facebook_spend
    from {{ ref('stg_weekly__weeks') }}
)

-- A week without spend on a channel keeps its row: it was measured, and is 0.
select week, channel, spend
from weeks
unpivot (
    spend for channel in (
        tv_spend as 'tv',
        ooh_spend as 'out_of_home',
        print_spend as 'print',
        search_spend as 'search',
        facebook_spend as 'facebook'
    )
)
