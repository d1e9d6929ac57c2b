with source as (
    select * from {{ source('raw', 'customer_survey') }}
)

select
    response_id,
    responded_on,
    household_id,
    score
from source
{{ last_file(['response_id']) }}
