select
    "ProductSubcategoryKey" as subcategory_key,
    "SubcategoryName" as subcategory,
    "ProductCategoryKey" as category_key
from {{ source('raw', 'product_subcategories') }}
{{ last_file(['"ProductSubcategoryKey"']) }}
