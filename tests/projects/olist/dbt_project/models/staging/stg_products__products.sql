select
    product_id,
    product_category_name
from {{ source('raw', 'products') }}
{{ latest_load(['product_id']) }}
