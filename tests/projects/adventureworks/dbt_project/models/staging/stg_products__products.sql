select
    "ProductKey" as product_key,
    "ProductSubcategoryKey" as subcategory_key,
    "ProductCost" as cost,
    "ProductPrice" as price
from {{ source('raw', 'products') }}
{{ last_file(['"ProductKey"']) }}
