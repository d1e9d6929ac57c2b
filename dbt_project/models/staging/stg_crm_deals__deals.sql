with source as (
    select * from {{ source('raw', 'crm_deals') }}
)

select
    deal_id,
    lead_id,
    won_on,
    amount
from source
{{ last_file(['deal_id']) }}
