select
    mql_id,
    won_date
from {{ source('raw', 'closed_deals') }}
{{ last_file(['mql_id']) }}
