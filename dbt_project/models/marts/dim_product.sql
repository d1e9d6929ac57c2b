select
    product_id,
    department,
    brand,
    product_category,
    product_type,
    package_size
from {{ ref('stg_products__products') }}
