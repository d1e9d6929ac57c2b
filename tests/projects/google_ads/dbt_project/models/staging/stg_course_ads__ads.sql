-- Column by column:
--   Campaign_Name  four spellings of the one campaign, and Location four of the one city: written out.
--                  A spelling that is not listed stays as it is and shows up as a slice of its own.
--   Device         nine casings of three devices: lower case.
--   Keyword        kept as it is: a misspelt keyword is what somebody searched for.
--   Ad_Date        with dashes the day comes first. With slashes the month comes first, except where a
--                  spreadsheet has turned day and month of 6-11-2024 around: of the two readings the
--                  one in the export's month, November 2024, holds. What fits no reading has no date.
--   Clicks ... Sale_Amount   an empty figure stays empty: 0 would be a claim.
with ads as (
    select
        *,
        case when contains(Ad_Date, '-') then try_strptime(Ad_Date, '%d-%m-%Y')
            else try_strptime(Ad_Date, '%m/%d/%Y') end as as_written,
        try_strptime(Ad_Date, '%d/%m/%Y') as turned_around
    from {{ source('raw', 'course_ads') }}
    {{ last_file(['Ad_ID']) }}
)

select
    Ad_ID as ad_id,
    cast(case
        when date_trunc('month', as_written) = date '2024-11-01' then as_written
        when date_trunc('month', turned_around) = date '2024-11-01' then turned_around
    end as date) as placed_on,
    case when trim(Campaign_Name) in (
        'DataAnalyticsCourse', 'Data Analytcis Course', 'Data Analytics Corse', 'Data Anlytics Corse'
    ) then 'Data Analytics Course' else trim(Campaign_Name) end as campaign,
    case when lower(trim(Location)) in ('hyderabad', 'hyderbad', 'hydrebad')
        then 'Hyderabad' else trim(Location) end as city,
    lower(trim(Device)) as device,
    trim(Keyword) as keyword,
    Impressions as impressions,
    Clicks as clicks,
    Cost as cost,
    Leads as leads,
    Conversions as conversions,
    Sale_Amount as sale_amount
from ads
