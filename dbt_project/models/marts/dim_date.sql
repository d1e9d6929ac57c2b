with days as (
    select * from {{ source('calendar', 'period_days') }}
    where calendar = 'gregorian'
)

select
    date,
    cast(isodow(date) as integer) as weekday,
    isodow(date) >= 6 as is_weekend,
    max(period) filter (where cadence = 'weekly') as week,
    max(period) filter (where cadence = 'monthly') as month,
    max(period) filter (where cadence = 'yearly') as year
from days
group by date
-- Weeks reach over both ends of the calendar; those days have no month.
having count(*) filter (where cadence = 'daily') > 0
