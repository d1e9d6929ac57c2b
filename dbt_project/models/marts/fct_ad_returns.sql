with attribution as (
    select * from {{ ref('fct_ad_attribution') }}
),

-- Cost of goods at the order line, summed to campaign and day before joining.
goods as (
    select
        orders.conversion_date as ad_date,
        orders.campaign_id,
        sum(order_lines.quantity * costs.unit_cost) as cost_of_goods,
        count(*) filter (
            where costs.unit_cost is null and order_lines.gross_amount > 0
        ) as lines_without_cost
    from {{ ref('fct_attributed_orders') }} as orders
    inner join {{ ref('fct_order_lines') }} as order_lines
        on orders.basket_id = order_lines.basket_id
    left join {{ ref('stg_product_costs__unit_costs') }} as costs
        on order_lines.product_id = costs.product_id
    group by orders.conversion_date, orders.campaign_id
)

select
    attribution.*,
    cast(coalesce(goods.cost_of_goods, 0) as decimal(18, 6)) as attributed_cost_of_goods,
    coalesce(goods.lines_without_cost, 0) as lines_without_cost
from attribution
left join goods
    on attribution.ad_date = goods.ad_date
    and attribution.campaign_id = goods.campaign_id
