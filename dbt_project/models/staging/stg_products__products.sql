with source as (
    select * from {{ source('raw', 'products') }}
)

select
    product_id,
    manufacturer_id,
    department,
    brand,
    product_category,
    product_type,
    package_size
from source
{{ latest_load(['product_id']) }}
