select
    product_id,
    product_category_name
from {{ source('raw', 'products') }}
{{ last_file(['product_id']) }}
