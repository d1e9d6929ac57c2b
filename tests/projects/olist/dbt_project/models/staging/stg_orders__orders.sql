select
    order_id,
    customer_id,
    order_status,
    order_purchase_timestamp
from {{ source('raw', 'orders') }}
{{ latest_load(['order_id']) }}
