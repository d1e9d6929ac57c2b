with lines as (
    select * from {{ ref('stg_pos_transactions__lines') }}
),

products as (
    select * from {{ ref('stg_products__products') }}
),

-- The first basket of each household over all history, never within a filter.
first_baskets as (
    select
        household_id,
        arg_min(basket_id, (transaction_timestamp, basket_id)) as first_basket_id
    from lines
    group by household_id
)

select
    lines.basket_id,
    lines.product_id,
    lines.household_id,
    lines.store_id,
    -- The till writes naive UTC; the stores live in New York. Here, and nowhere else.
    cast(
        timezone('America/New_York', timezone('UTC', lines.transaction_timestamp)) as date
    ) as order_date,
    coalesce(products.department, 'unknown') as department,
    coalesce(products.brand, 'unknown') as brand,
    lines.quantity,
    -- 13,510 lines count fuel in thousandths of a gallon: 151 M of 153 M "units".
    lines.quantity > 100 as is_fuel,
    case when lines.quantity > 100 then 0 else lines.quantity end as unit_quantity,
    lines.sales_value as gross_amount,
    lines.sales_value + lines.retail_disc + lines.coupon_match_disc as list_amount,
    lines.retail_disc + lines.coupon_match_disc as discount_amount,
    lines.coupon_disc as coupon_amount,
    lines.basket_id <> first_baskets.first_basket_id as is_repeat_order
from lines
inner join first_baskets on lines.household_id = first_baskets.household_id
left join products on lines.product_id = products.product_id
