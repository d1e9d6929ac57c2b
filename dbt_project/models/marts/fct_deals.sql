with deals as (
    select * from {{ ref('stg_crm_deals__deals') }}
),

leads as (
    select * from {{ ref('stg_crm_leads__leads') }}
)

select
    deals.deal_id,
    deals.lead_id,
    deals.won_on,
    leads.created_on,
    coalesce(leads.origin, 'unknown') as origin,
    deals.amount as deal_amount
from deals
left join leads on deals.lead_id = leads.lead_id
