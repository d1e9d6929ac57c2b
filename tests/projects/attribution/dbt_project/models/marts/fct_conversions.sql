with conversions as (
    select * from {{ ref('stg_conversions__conversions') }}
),

sessions as (
    select * from {{ ref('stg_sessions__sessions') }}
),

last_touches as (
    select
        conversions.customer_id,
        sessions.channel,
        sessions.campaign
    from conversions
    inner join sessions
        on conversions.customer_id = sessions.customer_id
        and sessions.started_at <= conversions.converted_at
    qualify row_number() over (
        partition by conversions.customer_id
        order by sessions.started_at desc, sessions.session_id desc
    ) = 1
)

select
    conversions.customer_id,
    cast(conversions.converted_at as date) as converted_on,
    conversions.converted_at,
    last_touches.channel,
    last_touches.campaign,
    conversions.revenue
from conversions
left join last_touches on conversions.customer_id = last_touches.customer_id
