select visit_id, visited_at, visitor_id, channel
from {{ ref('stg_visits__visits') }}
