with conversions as (
    select * from {{ ref('stg_ad_conversions__conversions') }}
),

-- A basket that several campaigns claim belongs to the last click.
last_clicks as (
    select * from conversions
    qualify row_number() over (
        partition by basket_id
        order by click_date desc nulls last, conversion_id desc
    ) = 1
),

-- Revenue at the basket's own grain before joining, so that nothing multiplies.
baskets as (
    select
        basket_id,
        any_value(household_id) as household_id,
        sum(gross_amount) as gross_amount
    from {{ ref('fct_order_lines') }}
    group by basket_id
)

select
    last_clicks.basket_id,
    last_clicks.conversion_id,
    last_clicks.conversion_date,
    last_clicks.click_date,
    last_clicks.campaign_id,
    baskets.household_id,
    cast(baskets.gross_amount as decimal(18, 2)) as gross_amount
from last_clicks
left join baskets on last_clicks.basket_id = baskets.basket_id
