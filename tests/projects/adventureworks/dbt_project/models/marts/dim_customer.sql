select customer_key, occupation
from {{ ref('stg_customers__customers') }}
