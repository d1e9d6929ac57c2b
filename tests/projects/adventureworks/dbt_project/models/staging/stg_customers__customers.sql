select
    "CustomerKey" as customer_key,
    "Occupation" as occupation
from {{ source('raw', 'customers') }}
{{ latest_load(['"CustomerKey"']) }}
