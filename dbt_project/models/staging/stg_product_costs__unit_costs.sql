with source as (
    select * from {{ source('raw', 'product_costs') }}
)

select
    product_id,
    unit_cost,
    currency
from source
{{ latest_load(['product_id']) }}
