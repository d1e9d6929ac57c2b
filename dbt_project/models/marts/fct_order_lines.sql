select
    basket_id,
    product_id,
    household_id,
    store_id,
    -- The till writes naive UTC; the stores live in New York. Here, and nowhere else.
    cast(
        timezone('America/New_York', timezone('UTC', transaction_timestamp)) as date
    ) as order_date,
    quantity,
    -- 13,510 lines count fuel in thousandths of a gallon: 151 M of 153 M "units".
    quantity > 100 as is_fuel,
    case when quantity > 100 then 0 else quantity end as unit_quantity,
    sales_value as gross_amount,
    sales_value + retail_disc + coupon_match_disc as list_amount,
    retail_disc + coupon_match_disc as discount_amount,
    coupon_disc as coupon_amount
from {{ ref('stg_pos_transactions__lines') }}
