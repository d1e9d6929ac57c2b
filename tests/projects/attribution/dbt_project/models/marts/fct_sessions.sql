with sessions as (
    select * from {{ ref('stg_sessions__sessions') }}
),

conversions as (
    select * from {{ ref('stg_conversions__conversions') }}
)

select
    sessions.session_id,
    sessions.customer_id,
    cast(sessions.started_at as date) as started_on,
    sessions.channel,
    sessions.campaign,
    sessions.started_at,
    row_number() over (
        partition by sessions.customer_id order by sessions.started_at, sessions.session_id
    ) as nth,
    -- One conversion per customer at most, so that the join adds no row. A session after it, or
    -- more than seven days before it, did not lead to it.
    coalesce(
        conversions.converted_at between sessions.started_at
            and sessions.started_at + interval 7 days,
        false
    ) as converts_within_7_days
from sessions
left join conversions on sessions.customer_id = conversions.customer_id
