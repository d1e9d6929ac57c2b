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
{{ last_file(['product_id']) }}
