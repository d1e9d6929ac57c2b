select
    seller_id,
    seller_state
from {{ source('raw', 'sellers') }}
{{ last_file(['seller_id']) }}
