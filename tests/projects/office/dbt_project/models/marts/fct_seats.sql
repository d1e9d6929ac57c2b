select day, account_id, region, seats
from {{ ref('stg_seats__days') }}
