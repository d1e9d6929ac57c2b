with leads as (
    select * from {{ ref('stg_crm_leads__leads') }}
),

-- A lead counts as won once, with its first deal.
first_deals as (
    select
        lead_id,
        min(won_on) as won_on
    from {{ ref('stg_crm_deals__deals') }}
    group by lead_id
)

select
    leads.lead_id,
    leads.created_on,
    coalesce(leads.origin, 'unknown') as origin,
    first_deals.lead_id is not null as is_won,
    first_deals.won_on,
    cast(first_deals.won_on - leads.created_on as integer) as days_to_win
from leads
left join first_deals on leads.lead_id = first_deals.lead_id
