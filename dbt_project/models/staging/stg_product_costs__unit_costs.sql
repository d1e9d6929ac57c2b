with source as (
    select * from {{ source('raw', 'product_costs') }}
)

select
    product_id,
    unit_cost,
    currency
from source
{{ last_file(['product_id']) }}
