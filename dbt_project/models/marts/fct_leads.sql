select
    lead_id,
    created_on,
    coalesce(origin, 'unknown') as origin
from {{ ref('stg_crm_leads__leads') }}
