select
    seller_id,
    seller_state
from {{ source('raw', 'sellers') }}
{{ latest_load(['seller_id']) }}
