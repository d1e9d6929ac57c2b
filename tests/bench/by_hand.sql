-- The demo's KPIs as an analyst would write them by hand, for a warehouse that has the marts, the
-- calendar and the clock. Not generated, and written without a look at the generated models.
--
-- The shape: each mart is read once, down to days (sums) or baskets (distinct counts), rolled up to
-- all periods and slices at once, put on the calendar with zeros where nothing happened; each KPI
-- is then one short select. Money stays DECIMAL until the last step.

create schema if not exists by_hand;

-- Every period that overlaps the time from `first_day` to the clock.
create or replace temp macro spine(first_day) as table
    select cadence, period, period_start, period_end, previous_period
    from calendar.dim_period
    where calendar = 'gregorian'
        and period_end >= first_day
        and period_start <= (select as_of from audit.clock);

create or replace temp view days as
    select cadence, period, date
    from calendar.period_days
    where calendar = 'gregorian' and date <= (select as_of from audit.clock);

---------------------------------------------------------------------------------------------------
-- Sales: one scan of the lines to day and department, one to baskets

create or replace temp table sales_days as
    select
        order_date as date,
        department,
        sum(gross_amount) as revenue,
        sum(unit_quantity) as units
    from marts.fct_order_lines
    group by all;

create or replace temp table sales as
    with rolled_up as (
        select
            cadence,
            period,
            if(grouping(department) = 1, 'total', 'department') as slice,
            coalesce(department, 'total') as slice_value,
            sum(revenue) as revenue,
            sum(units) as units
        from sales_days
        inner join days using (date)
        group by grouping sets ((cadence, period), (cadence, period, department))
    ),

    slices as (select distinct slice, slice_value from rolled_up)

    select
        spine.*,
        slices.*,
        coalesce(rolled_up.revenue, 0) as revenue,
        coalesce(rolled_up.units, 0) as units
    from spine((select min(date) from sales_days)) as spine
    cross join slices
    left join rolled_up using (cadence, period, slice, slice_value);

-- A basket has one household, one day, and is a repeat or not: 157,000 rows in place of 1.5 M.
create or replace temp table baskets as
    select distinct basket_id, household_id, order_date as date, is_repeat_order
    from marts.fct_order_lines;

-- One cadence at a time: DuckDB counts distinct ids three times as fast in few large groups.
create or replace temp macro shoppers_by(chosen) as table
    select
        cadence,
        period,
        count(distinct basket_id) as orders,
        count(distinct household_id) as households,
        count(distinct household_id) filter (where is_repeat_order) as repeat_households
    from baskets
    inner join days using (date)
    where cadence = chosen
    group by all;

create or replace temp table shoppers as
    with counted as (
        from shoppers_by('daily')
        union all from shoppers_by('weekly')
        union all from shoppers_by('monthly')
        union all from shoppers_by('yearly')
    )

    select
        spine.*,
        'total' as slice,
        'total' as slice_value,
        coalesce(orders, 0) as orders,
        coalesce(households, 0) as households,
        coalesce(repeat_households, 0) as repeat_households
    from spine((select min(date) from baskets)) as spine
    left join counted using (cadence, period);

create or replace table by_hand.gross_revenue as
    select * exclude (revenue, units, previous_period),
        revenue::double as value, revenue::double as numerator, null::double as denominator
    from sales;

create or replace table by_hand.sales_volume as
    select * exclude (revenue, units, previous_period),
        units::double as value, units::double as numerator, null::double as denominator
    from sales
    where cadence in ('weekly', 'monthly');

-- An open month is compared with as many first days of the month before as have gone by.
create or replace table by_hand.sales_growth as
    with newest as (select max(date) as day from sales_days),

    compared as (
        select
            now.* exclude (revenue, units, previous_period),
            now.revenue::double as revenue,
            case
                when now.period_end < (select as_of from audit.clock) then before.revenue
                else (
                    select sum(sales_days.revenue)
                    from sales_days, newest
                    where sales_days.date between before.period_start
                        and before.period_start + (newest.day - now.period_start)::integer
                        and (now.slice = 'total' or sales_days.department = now.slice_value)
                )
            end::double as base
        from sales as now
        left join sales as before
            on before.cadence = 'monthly'
            and before.period = now.previous_period
            and before.slice = now.slice
            and before.slice_value = now.slice_value
        where now.cadence = 'monthly'
    )

    select * exclude (revenue, base),
        (revenue - base) / nullif(base, 0) as value,
        revenue - base as numerator,
        base as denominator
    from compared;

create or replace table by_hand.orders as
    select cadence, period, period_start, period_end, slice, slice_value,
        orders::double as value, orders::double as numerator, null::double as denominator
    from shoppers
    where cadence <> 'yearly';

create or replace table by_hand.active_customers as
    select cadence, period, period_start, period_end, slice, slice_value,
        households::double as value, households::double as numerator, null::double as denominator
    from shoppers
    where cadence <> 'daily';

create or replace table by_hand.repeat_purchase_rate as
    select cadence, period, period_start, period_end, slice, slice_value,
        repeat_households / nullif(households, 0) as value,
        repeat_households::double as numerator, households::double as denominator
    from shoppers
    where cadence in ('monthly', 'yearly');

create or replace table by_hand.average_order_value as
    select cadence, period, shoppers.period_start, shoppers.period_end, slice, slice_value,
        revenue::double / nullif(orders, 0) as value,
        revenue::double as numerator, orders::double as denominator
    from shoppers
    inner join sales using (cadence, period, slice, slice_value)
    where cadence <> 'yearly';

create or replace temp table refund_days as
    select refund_date as date, sum(refund_amount) as refunded
    from marts.fct_refunds
    group by all;

create or replace table by_hand.refund_rate as
    with rolled_up as (
        select cadence, period, sum(refunded) as refunded
        from refund_days
        inner join days using (date)
        group by all
    )

    select cadence, period, period_start, period_end, slice, slice_value,
        coalesce(refunded, 0)::double / nullif(revenue, 0)::double as value,
        coalesce(refunded, 0)::double as numerator, revenue::double as denominator
    from sales
    left join rolled_up using (cadence, period)
    where slice = 'total' and cadence in ('weekly', 'monthly');

create or replace table by_hand.net_revenue as
    with net_days as (
        select business_date as date, sum(amount) as net
        from marts.fct_net_sales
        group by all
    ),

    rolled_up as (
        select cadence, period, sum(net) as net
        from net_days
        inner join days using (date)
        group by all
    )

    select cadence, period, period_start, period_end, 'total' as slice, 'total' as slice_value,
        coalesce(net, 0)::double as value, coalesce(net, 0)::double as numerator,
        null::double as denominator
    from spine((select min(date) from net_days)) as spine
    left join rolled_up using (cadence, period)
    where cadence <> 'daily';

---------------------------------------------------------------------------------------------------
-- Customers

create or replace temp table newcomers as
    with rolled_up as (
        select cadence, period, count(*) as households
        from marts.dim_customer
        inner join days on days.date = first_order_date
        group by all
    )

    select spine.*, 'total' as slice, 'total' as slice_value,
        coalesce(households, 0) as households
    from spine((select min(first_order_date) from marts.dim_customer)) as spine
    left join rolled_up using (cadence, period)
    where cadence in ('weekly', 'monthly');

create or replace table by_hand.new_customers as
    select * exclude (households, previous_period),
        households::double as value, households::double as numerator, null::double as denominator
    from newcomers;

---------------------------------------------------------------------------------------------------
-- Advertising: 3,650 rows a mart, so straight to the periods

create or replace temp table ads as
    with rolled_up as (
        select
            cadence,
            period,
            case
                when grouping(channel) = 1 then 'total'
                when grouping(campaign) = 1 then 'channel'
                else 'channel+campaign'
            end as slice,
            coalesce(nullif(concat_ws(' | ', channel, campaign), ''), 'total') as slice_value,
            sum(spend) as spend,
            sum(clicks) as clicks,
            sum(impressions) as impressions,
            sum(conversions) as conversions
        from marts.fct_ad_performance
        inner join days on days.date = ad_date
        group by cadence, period, rollup (channel, campaign)
    ),

    slices as (select distinct slice, slice_value from rolled_up)

    select spine.* exclude (previous_period), slices.*,
        coalesce(spend, 0)::double as spend,
        coalesce(clicks, 0)::double as clicks,
        coalesce(impressions, 0)::double as impressions,
        coalesce(conversions, 0)::double as conversions
    from spine((select min(ad_date) from marts.fct_ad_performance)) as spine
    cross join slices
    left join rolled_up using (cadence, period, slice, slice_value);

create or replace table by_hand.ad_spend as
    select * exclude (spend, clicks, impressions, conversions),
        spend as value, spend as numerator, null::double as denominator
    from ads;

create or replace table by_hand.impressions as
    select * exclude (spend, clicks, impressions, conversions),
        impressions as value, impressions as numerator, null::double as denominator
    from ads
    where cadence <> 'yearly';

create or replace table by_hand.click_through_rate as
    select * exclude (spend, clicks, impressions, conversions),
        clicks / nullif(impressions, 0) as value, clicks as numerator, impressions as denominator
    from ads
    where cadence <> 'yearly';

create or replace table by_hand.conversion_rate as
    select * exclude (spend, clicks, impressions, conversions),
        conversions / nullif(clicks, 0) as value, conversions as numerator, clicks as denominator
    from ads
    where cadence <> 'yearly';

create or replace table by_hand.cost_per_click as
    select * exclude (spend, clicks, impressions, conversions),
        spend / nullif(clicks, 0) as value, spend as numerator, clicks as denominator
    from ads
    where cadence <> 'yearly';

create or replace table by_hand.cost_per_acquisition as
    select * exclude (spend, clicks, impressions, conversions),
        spend / nullif(conversions, 0) as value, spend as numerator, conversions as denominator
    from ads
    where cadence in ('weekly', 'monthly');

create or replace table by_hand.customer_acquisition_cost as
    select cadence, period, ads.period_start, ads.period_end, slice, slice_value,
        spend / nullif(households, 0) as value,
        spend as numerator, households::double as denominator
    from ads
    inner join newcomers using (cadence, period, slice, slice_value)
    where cadence = 'monthly';

create or replace table by_hand.return_on_ad_spend as
    with rolled_up as (
        select
            cadence,
            period,
            case
                when grouping(channel) = 1 then 'total'
                when grouping(campaign) = 1 then 'channel'
                else 'channel+campaign'
            end as slice,
            coalesce(nullif(concat_ws(' | ', channel, campaign), ''), 'total') as slice_value,
            sum(attributed_revenue) as revenue,
            sum(ad_cost) as cost
        from marts.fct_ad_attribution
        inner join days on days.date = ad_date
        where cadence in ('weekly', 'monthly')
        group by cadence, period, rollup (channel, campaign)
    ),

    slices as (select distinct slice, slice_value from rolled_up)

    select spine.* exclude (previous_period), slices.*,
        coalesce(revenue, 0)::double / nullif(cost, 0)::double as value,
        coalesce(revenue, 0)::double as numerator,
        coalesce(cost, 0)::double as denominator
    from spine((select min(ad_date) from marts.fct_ad_attribution)) as spine
    cross join slices
    left join rolled_up using (cadence, period, slice, slice_value)
    where cadence in ('weekly', 'monthly');

create or replace table by_hand.return_on_investment as
    with rolled_up as (
        select
            cadence,
            period,
            if(grouping(channel) = 1, 'total', 'channel') as slice,
            coalesce(channel, 'total') as slice_value,
            sum(attributed_revenue - attributed_cost_of_goods - ad_cost) as profit,
            sum(attributed_cost_of_goods + ad_cost) as cost
        from marts.fct_ad_returns
        inner join days on days.date = ad_date
        where cadence in ('monthly', 'yearly')
        group by cadence, period, rollup (channel)
    ),

    slices as (select distinct slice, slice_value from rolled_up)

    select spine.* exclude (previous_period), slices.*,
        coalesce(profit, 0)::double / nullif(cost, 0)::double as value,
        coalesce(profit, 0)::double as numerator,
        coalesce(cost, 0)::double as denominator
    from spine((select min(ad_date) from marts.fct_ad_returns)) as spine
    cross join slices
    left join rolled_up using (cadence, period, slice, slice_value)
    where cadence in ('monthly', 'yearly');

---------------------------------------------------------------------------------------------------
-- Leads and deals

create or replace temp table leads as
    with rolled_up as (
        select
            cadence,
            period,
            if(grouping(origin) = 1, 'total', 'origin') as slice,
            coalesce(origin, 'total') as slice_value,
            count(*) as leads,
            count(*) filter (is_won) as won
        from marts.fct_leads
        inner join days on days.date = created_on
        group by cadence, period, rollup (origin)
    ),

    slices as (select distinct slice, slice_value from rolled_up)

    select spine.* exclude (previous_period), slices.*,
        coalesce(leads, 0)::double as leads,
        coalesce(won, 0)::double as won
    from spine((select min(created_on) from marts.fct_leads)) as spine
    cross join slices
    left join rolled_up using (cadence, period, slice, slice_value);

create or replace table by_hand.leads as
    select * exclude (leads, won),
        leads as value, leads as numerator, null::double as denominator
    from leads
    where cadence in ('weekly', 'monthly');

create or replace table by_hand.lead_win_rate as
    select * exclude (leads, won),
        won / nullif(leads, 0) as value, won as numerator, leads as denominator
    from leads
    where cadence in ('monthly', 'yearly');

create or replace table by_hand.sales_cycle_length as
    with rolled_up as (
        select cadence, period, avg(days_to_win) as days_to_win
        from marts.fct_deals
        inner join days on days.date = won_on
        where cadence = 'monthly'
        group by all
    )

    select cadence, period, period_start, period_end, 'total' as slice, 'total' as slice_value,
        days_to_win as value, days_to_win as numerator, null::double as denominator
    from spine((select min(won_on) from marts.fct_deals)) as spine
    left join rolled_up using (cadence, period)
    where cadence = 'monthly';
