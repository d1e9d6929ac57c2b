select
    order_id,
    payment_sequential,
    payment_type,
    payment_value
from {{ source('raw', 'payments') }}
{{ last_file(['order_id', 'payment_sequential']) }}
