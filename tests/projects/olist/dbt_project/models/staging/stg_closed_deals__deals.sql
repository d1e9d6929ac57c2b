select
    mql_id,
    won_date
from {{ source('raw', 'closed_deals') }}
{{ latest_load(['mql_id']) }}
