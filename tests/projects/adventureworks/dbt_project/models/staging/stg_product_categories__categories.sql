select
    "ProductCategoryKey" as category_key,
    "CategoryName" as category
from {{ source('raw', 'product_categories') }}
{{ latest_load(['"ProductCategoryKey"']) }}
