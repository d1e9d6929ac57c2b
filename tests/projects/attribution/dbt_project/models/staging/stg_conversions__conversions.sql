select
    customer_id,
    converted_at,
    revenue
from {{ source('raw', 'conversions') }}
{{ last_file(['customer_id']) }}
