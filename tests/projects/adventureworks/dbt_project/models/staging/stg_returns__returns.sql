select
    "ReturnDate" as returned_on,
    "TerritoryKey" as territory_key,
    "ProductKey" as product_key,
    "ReturnQuantity" as quantity
from {{ source('raw', 'returns') }}
{{ last_file(['"ReturnDate"', '"TerritoryKey"', '"ProductKey"']) }}
