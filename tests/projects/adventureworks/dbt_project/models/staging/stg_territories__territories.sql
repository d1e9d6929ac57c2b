select
    "SalesTerritoryKey" as territory_key,
    "Region" as region,
    "Country" as country,
    "Continent" as continent
from {{ source('raw', 'territories') }}
{{ last_file(['"SalesTerritoryKey"']) }}
