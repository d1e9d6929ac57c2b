with performance as (
    select * from {{ ref('fct_ad_performance') }}
),

attributed as (
    select
        conversion_date as ad_date,
        campaign_id,
        count(*) as attributed_orders,
        sum(gross_amount) as attributed_revenue
    from {{ ref('fct_attributed_orders') }}
    group by conversion_date, campaign_id
),

campaigns as (
    select * from {{ ref('dim_campaign') }}
),

-- Orders of a day without an ad row still count: their cost is unknown, not 0.
campaign_days as (
    select
        coalesce(performance.ad_date, attributed.ad_date) as ad_date,
        coalesce(performance.campaign_id, attributed.campaign_id) as campaign_id,
        performance.currency,
        performance.spend,
        attributed.attributed_orders,
        attributed.attributed_revenue
    from performance
    full outer join attributed
        on performance.ad_date = attributed.ad_date
        and performance.campaign_id = attributed.campaign_id
)

select
    campaign_days.ad_date,
    coalesce(campaigns.channel, 'unknown') as channel,
    coalesce(campaigns.platform, 'unknown') as platform,
    campaign_days.campaign_id,
    coalesce(campaigns.campaign, 'unknown') as campaign,
    coalesce(campaign_days.currency, campaigns.currency, 'unknown') as currency,
    campaign_days.spend as ad_cost,
    coalesce(campaign_days.attributed_orders, 0) as attributed_orders,
    cast(coalesce(campaign_days.attributed_revenue, 0) as decimal(18, 2)) as attributed_revenue
from campaign_days
left join campaigns on campaign_days.campaign_id = campaigns.campaign_id
