with source as (
    select * from {{ source('raw', 'ad_conversions') }}
)

select
    conversion_id,
    conversion_date,
    click_date,
    campaign_id,
    basket_id
from source
{{ last_file(['conversion_id']) }}
