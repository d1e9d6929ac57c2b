select
    mql_id,
    first_contact_date,
    origin
from {{ source('raw', 'leads') }}
{{ latest_load(['mql_id']) }}
