select
    "ProductCategoryKey" as category_key,
    "CategoryName" as category
from {{ source('raw', 'product_categories') }}
{{ last_file(['"ProductCategoryKey"']) }}
