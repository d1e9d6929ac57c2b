with source as (
    select * from {{ source('raw', 'refunds') }}
)

select
    refund_id,
    refund_date,
    basket_id,
    product_id,
    amount,
    reason
from source
{{ last_file(['refund_id']) }}
