select territory_key, region, country, continent
from {{ ref('stg_territories__territories') }}
