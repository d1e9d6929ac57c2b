select
    session_id,
    customer_id,
    started_at,
    utm_source as channel,
    -- No campaign is a fact of its own: nobody paid for this session.
    coalesce(nullif(trim(utm_campaign), ''), '(none)') as campaign
from {{ source('raw', 'sessions') }}
{{ last_file(['session_id']) }}
