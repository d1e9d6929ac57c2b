select
    order_id,
    payment_sequential,
    payment_type,
    payment_value
from {{ source('raw', 'payments') }}
{{ latest_load(['order_id', 'payment_sequential']) }}
