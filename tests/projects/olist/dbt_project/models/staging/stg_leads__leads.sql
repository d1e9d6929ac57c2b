select
    mql_id,
    first_contact_date,
    origin
from {{ source('raw', 'leads') }}
{{ last_file(['mql_id']) }}
