select
    customer_id,
    converted_at,
    revenue
from {{ source('raw', 'conversions') }}
{{ latest_load(['customer_id']) }}
