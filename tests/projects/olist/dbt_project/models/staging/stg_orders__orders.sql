select
    order_id,
    customer_id,
    order_status,
    order_purchase_timestamp,
    order_delivered_customer_date,
    order_estimated_delivery_date
from {{ source('raw', 'orders') }}
{{ last_file(['order_id']) }}
