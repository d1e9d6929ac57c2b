select ticket_id, opened_at, closed_at, closed_at::date as closed_on, team
from {{ ref('stg_tickets__tickets') }}
