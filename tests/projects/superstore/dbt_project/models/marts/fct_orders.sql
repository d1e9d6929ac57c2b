with lines as (
    select * from {{ ref('stg_superstore__lines') }}
)

-- What an order's lines all say alike; were one to differ, its order would stand twice here.
select distinct
    order_id,
    customer_id,
    ordered_on,
    shipped_on,
    region,
    segment,
    ship_mode
from lines
