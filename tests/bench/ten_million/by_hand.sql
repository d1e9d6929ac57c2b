-- The twenty KPIs by hand: the fastest SQL that we know for the same rows. It may know what a
-- compiler cannot: that the clock is the data's last day, that no measure is ever empty, that an
-- order has one customer, day, channel and country, that orders are numbered as they come. What
-- it takes for granted shows in the comparison, which is of every row.

create or replace temp table periods as
select *, least(period_end, date '2024-12-31') as last_day
from calendar.dim_period
where calendar = 'gregorian' and cadence in ('daily', 'weekly', 'monthly')
    and period_end >= date '2023-01-01' and period_start <= date '2024-12-31';

-- A day's week and month, side by side.
create or replace temp table days as
select
    day_of.day,
    week.period as week, week.period_start as week_start, week.period_end as week_end,
    month.period as month, month.period_start as month_start, month.period_end as month_end
from (select period_start as day from periods where cadence = 'daily') as day_of
join periods as week
    on week.cadence = 'weekly' and day_of.day between week.period_start and week.period_end
join periods as month
    on month.cadence = 'monthly' and day_of.day between month.period_start and month.period_end;

create or replace temp table slices as
with fine as (select distinct channel, country from fct_order_lines)
select row_number() over () as slice_no, slice, slice_value, channel, country
from (
    select 'total' as slice, 'total' as slice_value, null as channel, null as country
    union all
    select distinct 'channel', channel, channel, null from fine
    union all
    select 'channel+country', channel || ' | ' || country, channel, country from fine
);

-- Which slices a channel and country count in.
create or replace temp table in_slices as
select fine.channel, fine.country, slices.slice_no
from slices as fine
join slices
    on slices.slice = 'total'
    or (slices.channel = fine.channel and (slices.country is null or slices.country = fine.country))
where fine.slice = 'channel+country';

-- What adds up: once over the lines to days, then to slices.
create or replace temp table added as
select
    slice_no, day,
    sum(n) as n, sum(revenue) as revenue, sum(units) as units, max(largest) as largest,
    sum(returned) as returned, sum(discount) as discount, sum(took) as took, sum(closed) as closed
from (
    select
        ordered_on as day, channel, country,
        count(*) as n, sum(amount) as revenue, sum(quantity) as units, max(amount) as largest,
        count_if(is_returned) as returned, sum(discount) as discount,
        sum(epoch_us(delivered_at) - epoch_us(ordered_at))
            filter (where cast(delivered_at as date) <= date '2024-12-31') as took,
        count(*) filter (where cast(delivered_at as date) <= date '2024-12-31') as closed
    from fct_order_lines
    group by all
)
join in_slices using (channel, country)
group by all;

-- Orders, each with whether it is its customer's first.
create or replace temp table orders as
select *, row_number() over (partition by customer_id order by day, order_id) = 1 as is_first
from (
    select distinct ordered_on as day, channel, country, order_id, customer_id
    from fct_order_lines
);

-- Customers' days in every slice: the first of their day, week, month; when they enter and leave
-- a window of 28 days; the first order of all, and whether it is the only one in the period.
create or replace temp table counted as
with every_slice as (
    select slice_no, day, is_first, before, after
    from (
        select day, is_first, lag(day) over each as before, lead(day) over each as after
        from orders
        window each as (partition by customer_id order by day, order_id)
    )
    cross join (select slice_no from slices where slice = 'total')
    union all
    select slice_no, day, is_first, before, after
    from (
        select day, channel, is_first, lag(day) over each as before, lead(day) over each as after
        from orders
        window each as (partition by customer_id, channel order by day, order_id)
    )
    join (select slice_no, channel from slices where slice = 'channel') using (channel)
    union all
    select slice_no, day, is_first, before, after
    from (
        select
            day, channel, country, is_first, lag(day) over each as before, lead(day) over each as after
        from orders
        window each as (partition by customer_id, channel, country order by day, order_id)
    )
    join (select slice_no, channel, country from slices where slice = 'channel+country')
        using (channel, country)
)
select
    slice_no, day,
    count(*) as orders,
    count_if(before is null or before < day) as of_day,
    count_if(before is null or before < week_start) as of_week,
    count_if(before is null or before < month_start) as of_month,
    count_if(before is null or day - before >= 28) as came,
    count_if(after is null or after - day >= 28) as gone,
    count_if(is_first) as new,
    count_if(is_first and (after is null or after > day)) as only_in_day,
    count_if(is_first and (after is null or after > week_end)) as only_in_week,
    count_if(is_first and (after is null or after > month_end)) as only_in_month
from every_slice
join days using (day)
group by all;

-- Time in stretches of seven days: an order follows in time if it is the last one of the session's
-- own stretch, or the first one of the next.
create or replace temp table sessions as
with stretches as (
    select
        customer_id, epoch_us(ordered_at) // (7 * 86400000000) as stretch,
        min(ordered_at) as first_at, max(ordered_at) as last_at
    from fct_order_lines
    group by all
)
select slice_no, day, sum(n) as n, sum(converted) as converted
from (
    select
        day, channel, country,
        count(*) as n,
        count_if(
            coalesce(last_at >= started_at or next_at < started_at + interval 7 days, false)
        ) as converted
    from (
        select
            started_on as day, channel, country, customer_id, started_at,
            epoch_us(started_at) // (7 * 86400000000) as stretch
        from fct_sessions
    )
    left join stretches using (customer_id, stretch)
    left join (select customer_id, stretch - 1 as stretch, first_at as next_at from stretches)
        using (customer_id, stretch)
    group by all
)
join in_slices using (channel, country)
group by all;

create or replace temp table balances as
select slice_no, day, sum(change) as change
from (
    select day, channel, country, sum(change) as change
    from (
        select balance_on as day, channel, country, balance as change from fct_balances
        union all
        select
            lead(balance_on) over (partition by account_id order by balance_on),
            channel, country, -balance
        from fct_balances
    )
    where day is not null
    group by all
)
join in_slices using (channel, country)
group by all;

-- Every slice on every day, with what runs on from day to day.
create or replace temp table every_day as
select
    slice_no, day, week, month,
    added.* exclude (slice_no, day), counted.* exclude (slice_no, day),
    sessions.n as sessions, sessions.converted,
    sum(revenue) over (partition by slice_no, year(day) order by day) as revenue_this_year,
    sum(came) over up_to as have_come,
    sum(gone) over up_to as have_gone,
    sum(change) over up_to as balance
from slices
cross join days
left join added using (slice_no, day)
left join counted using (slice_no, day)
left join sessions using (slice_no, day)
left join balances using (slice_no, day)
window up_to as (partition by slice_no order by day);

-- The percentile is of the lines of each period, whatever one does.
create or replace temp table late as
with found as (
    select
        case
            when day is not null then 'daily'
            when week_start is not null then 'weekly'
            else 'monthly'
        end as cadence,
        coalesce(day, week_start, month_start) as period_start,
        channel, country, quantile_cont(took, 0.9) as late
    from (
        select
            ordered_on as day, channel, country,
            epoch_us(delivered_at) - epoch_us(ordered_at) as took
        from fct_order_lines
        where cast(delivered_at as date) <= date '2024-12-31'
    )
    join days using (day)
    group by grouping sets (
        (day), (day, channel), (day, channel, country),
        (week_start), (week_start, channel), (week_start, channel, country),
        (month_start), (month_start, channel), (month_start, channel, country)
    )
)
select cadence, period, slice_no, late / 86400e6 as late
from found
join periods using (cadence, period_start)
join slices
    on found.channel is not distinct from slices.channel
    and found.country is not distinct from slices.country;

-- Every period and slice.
create or replace temp table wide as
with summed as (
    select
        'daily' as cadence, strftime(day, '%Y-%m-%d') as period, slice_no,
        n, revenue, units, largest, returned, discount, took, closed, orders, of_day as customers,
        new, only_in_day as only_new, sessions, converted
    from every_day
    union all
    select
        'weekly', week, slice_no, sum(n), sum(revenue), sum(units), max(largest), sum(returned),
        sum(discount), sum(took), sum(closed), sum(orders), sum(of_week), sum(new),
        sum(only_in_week), sum(sessions), sum(converted)
    from every_day
    group by week, slice_no
    union all
    select
        'monthly', month, slice_no, sum(n), sum(revenue), sum(units), max(largest), sum(returned),
        sum(discount), sum(took), sum(closed), sum(orders), sum(of_month), sum(new),
        sum(only_in_month), sum(sessions), sum(converted)
    from every_day
    group by month, slice_no
)
select
    periods.cadence, periods.period, slices.slice, slices.slice_value, slice_no,
    periods.previous_period, periods.year_ago_period,
    periods.period_end >= date '2024-12-31' as is_open,
    coalesce(n, 0) as n, cast(coalesce(summed.revenue, 0) as double) as revenue,
    cast(coalesce(units, 0) as double) as units, cast(largest as double) as largest,
    cast(coalesce(returned, 0) as double) as returned,
    cast(coalesce(discount, 0) as double) as discount, took, closed,
    cast(coalesce(orders, 0) as double) as orders,
    cast(coalesce(customers, 0) as double) as customers,
    cast(coalesce(new, 0) as double) as new,
    cast(customers - only_new as double) as came_back,
    cast(sessions as double) as sessions, cast(converted as double) as converted,
    cast(coalesce(have_come, 0) - coalesce(have_gone_before, 0) as double) as customers_28_days,
    cast(coalesce(last.revenue_this_year, 0) as double) as revenue_this_year,
    cast(last.balance as double) as balance, late.late
from summed
join periods using (cadence, period)
join slices using (slice_no)
join (
    select
        slice_no, day, have_come, revenue_this_year, balance,
        lag(have_gone, 28) over (partition by slice_no order by day) as have_gone_before
    from every_day
) as last on last.slice_no = summed.slice_no and last.day = periods.last_day
left join late
    on late.cadence = summed.cadence
    and late.period = summed.period
    and late.slice_no = summed.slice_no;

create or replace table by_hand as
with with_bases as (
    select
        wide.*,
        previous.revenue as previous_revenue,
        year_ago.revenue as year_ago_revenue
    from wide
    left join (select cadence, period as previous_period, slice_no, revenue from wide) as previous
        using (cadence, previous_period, slice_no)
    left join (select cadence, period as year_ago_period, slice_no, revenue from wide) as year_ago
        using (cadence, year_ago_period, slice_no)
),
valued as (
    select
        cadence, period, slice, slice_value,
        unnest([
            'revenue', 'units', 'orders', 'customers', 'largest_line', 'returned_lines',
            'average_order_value', 'discount_rate', 'return_rate', 'revenue_per_customer',
            'revenue_growth', 'revenue_growth_on_year', 'customers_28_days', 'revenue_this_year',
            'new_customers', 'repeat_rate', 'conversion_rate', 'delivery_days',
            'delivery_days_late', 'balance'
        ]) as kpi,
        unnest([
            revenue,
            units,
            orders,
            customers,
            largest,
            returned,
            revenue / nullif(orders, 0),
            discount / nullif(revenue, 0),
            returned / nullif(n, 0),
            revenue / nullif(customers, 0),
            if(is_open, null, revenue / nullif(previous_revenue, 0) - 1),
            if(is_open, null, revenue / nullif(year_ago_revenue, 0) - 1),
            customers_28_days,
            revenue_this_year,
            new,
            came_back / nullif(customers, 0),
            converted / nullif(sessions, 0),
            took / 86400e6 / nullif(closed, 0),
            late,
            balance
        ]) as value
    from with_bases
)
select kpi, cadence, period, slice, slice_value, value
from valued;
