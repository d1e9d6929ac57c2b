with source as (
    select * from {{ source('raw', 'pos_transactions') }}
)

select
    basket_id,
    product_id,
    household_id,
    store_id,
    quantity,
    sales_value,
    retail_disc,
    coupon_disc,
    coupon_match_disc,
    transaction_timestamp
from source
{{ last_file(['basket_id', 'product_id']) }}
