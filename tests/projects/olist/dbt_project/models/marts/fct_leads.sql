with leads as (
    select * from {{ ref('stg_leads__leads') }}
),

deals as (
    select * from {{ ref('stg_closed_deals__deals') }}
)

select
    leads.mql_id,
    leads.first_contact_date as contacted_on,
    -- Nobody wrote anything, and somebody wrote 'unknown', are two origins.
    coalesce(nullif(trim(leads.origin), ''), '(empty)') as origin,
    deals.mql_id is not null as is_won
from leads
left join deals on leads.mql_id = deals.mql_id
