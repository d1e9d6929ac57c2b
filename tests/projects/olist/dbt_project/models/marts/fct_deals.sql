with deals as (
    select * from {{ ref('stg_closed_deals__deals') }}
),

leads as (
    select * from {{ ref('fct_leads') }}
)

select
    deals.mql_id,
    cast(deals.won_date as date) as won_on,
    leads.origin,
    -- Whole days: the contact has no time of day. Negative for the one deal won before it.
    cast(cast(deals.won_date as date) - leads.contacted_on as integer) as days_to_win
from deals
left join leads on deals.mql_id = leads.mql_id
