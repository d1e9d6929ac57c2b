with source as (
    select * from {{ source('raw', 'crm_leads') }}
)

select
    lead_id,
    created_on,
    origin
from source
{{ last_file(['lead_id']) }}
