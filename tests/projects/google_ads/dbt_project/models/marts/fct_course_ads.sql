select
    ad_id,
    placed_on,
    campaign,
    city,
    device,
    keyword,
    impressions,
    clicks,
    cost,
    leads,
    conversions,
    sale_amount
from {{ ref('stg_course_ads__ads') }}
