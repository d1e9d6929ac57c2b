select
    response_id,
    responded_on,
    household_id,
    score
from {{ ref('stg_customer_survey__responses') }}
