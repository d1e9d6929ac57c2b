select signup_id, signed_up_at, visitor_id, plan
from {{ ref('stg_signups__signups') }}
