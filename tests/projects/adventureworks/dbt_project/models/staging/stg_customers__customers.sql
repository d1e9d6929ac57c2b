select
    "CustomerKey" as customer_key,
    "Occupation" as occupation
from {{ source('raw', 'customers') }}
{{ last_file(['"CustomerKey"']) }}
