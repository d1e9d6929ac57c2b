select
    session_id,
    customer_id,
    cast(started_at as date) as started_on,
    channel,
    campaign,
    started_at,
    row_number() over (partition by customer_id order by started_at, session_id) as nth
from {{ ref('stg_sessions__sessions') }}
