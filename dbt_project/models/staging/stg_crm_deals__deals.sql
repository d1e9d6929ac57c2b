with source as (
    select * from {{ source('raw', 'crm_deals') }}
)

select
    deal_id,
    lead_id,
    won_on,
    amount
from source
{{ latest_load(['deal_id']) }}
