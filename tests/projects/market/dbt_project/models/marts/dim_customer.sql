select customer_id, segment
from {{ ref('stg_customers__customers') }}
