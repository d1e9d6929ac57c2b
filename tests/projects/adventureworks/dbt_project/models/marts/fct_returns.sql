with returns as (
    select * from {{ ref('stg_returns__returns') }}
)

select returned_on, territory_key, product_key, quantity
from returns
