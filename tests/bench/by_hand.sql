-- The demo's KPI tables as an analyst would write them by hand, for a warehouse that has the marts,
-- the calendar and the clock: the same columns and rows as kpi.kpi_<id>. Nothing here is generated.
--
-- The shape: each mart is read once, down to days (sums) or baskets (distinct counts), rolled up to
-- all periods and slices at once, put on the calendar with zeros where nothing happened; each KPI
-- is then one short select. Money stays DECIMAL until the last step.

create schema if not exists by_hand;

-- Every period that overlaps the time from `first_day` to the clock.
create or replace temp macro spine(first_day) as table
    select * exclude (period_number)
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
        coalesce(nullif(department, ''), '(none)') as department,
        count(*) as lines,
        sum(gross_amount) as revenue,
        sum(unit_quantity) as units
    from marts.fct_order_lines
    left join marts.dim_product using (product_id)
    group by all;

create or replace temp table sales as
    with rolled_up as (
        select
            cadence,
            period,
            department,
            sum(lines) as lines,
            sum(revenue) as revenue,
            sum(units) as units
        from sales_days
        inner join days using (date)
        group by grouping sets ((cadence, period), (cadence, period, department))
    ),

    slices as (
        select
            if(department is null, 'total', 'department') as slice,
            coalesce(department, 'total') as slice_value,
            if(department is null, '{}', json_object('department', department)) as dimensions,
            department
        from (select distinct department from rolled_up)
    )

    select
        spine.*,
        slices.*,
        coalesce(lines, 0)::bigint as row_count,
        coalesce(revenue, 0) as revenue,
        coalesce(units, 0) as units
    from spine((select min(date) from sales_days)) as spine
    cross join slices
    left join rolled_up
        on rolled_up.cadence = spine.cadence
        and rolled_up.period = spine.period
        and rolled_up.department is not distinct from slices.department;

create or replace table by_hand.gross_revenue as
    select 'gross_revenue' as kpi, * exclude (revenue, units),
        revenue::double as value, revenue::double as numerator, null::double as denominator
    from sales;

create or replace table by_hand.discount_rate as
    with brand_days as (
        select
            order_date as date,
            coalesce(nullif(brand, ''), '(none)') as brand,
            count(*) as lines,
            sum(discount_amount) as discount,
            sum(list_amount) as list_price
        from marts.fct_order_lines
        left join marts.dim_product using (product_id)
        group by all
    ),

    rolled_up as (
        select
            cadence,
            period,
            brand,
            sum(lines) as lines,
            sum(discount) as discount,
            sum(list_price) as list_price
        from brand_days
        inner join days using (date)
        where cadence in ('weekly', 'monthly')
        group by cadence, period, rollup (brand)
    ),

    slices as (
        select
            if(brand is null, 'total', 'brand') as slice,
            coalesce(brand, 'total') as slice_value,
            if(brand is null, '{}', json_object('brand', brand)) as dimensions,
            brand
        from (select distinct brand from rolled_up)
    )

    select 'discount_rate' as kpi, spine.*, slices.*,
        coalesce(discount, 0)::double / nullif(list_price, 0)::double as value,
        coalesce(discount, 0)::double as numerator,
        coalesce(list_price, 0)::double as denominator,
        coalesce(lines, 0)::bigint as row_count
    from spine((select min(date) from sales_days)) as spine
    cross join slices
    left join rolled_up
        on rolled_up.cadence = spine.cadence
        and rolled_up.period = spine.period
        and rolled_up.brand is not distinct from slices.brand
    where spine.cadence in ('weekly', 'monthly');

-- Since the first day of the year that the period's last day lies in.
create or replace table by_hand.revenue_year_to_date as
    with so_far as (
        select
            cadence, period, department,
            sum(sales_days.lines) as lines,
            sum(sales_days.revenue) as revenue
        from (select distinct cadence, period, period_end from sales) as periods
        inner join sales_days
            on sales_days.date <= periods.period_end
            and sales_days.date >= date_trunc(
                'year', least(periods.period_end, (select as_of from audit.clock))
            )
        where cadence in ('weekly', 'monthly')
        group by grouping sets ((cadence, period), (cadence, period, department))
    )

    select 'revenue_year_to_date' as kpi,
        sales.* exclude (row_count, revenue, units),
        coalesce(so_far.lines, 0)::bigint as row_count,
        coalesce(so_far.revenue, 0)::double as value,
        coalesce(so_far.revenue, 0)::double as numerator,
        null::double as denominator
    from sales
    left join so_far
        on so_far.cadence = sales.cadence
        and so_far.period = sales.period
        and so_far.department is not distinct from sales.department
    where sales.cadence in ('weekly', 'monthly');

create or replace table by_hand.sales_volume as
    select 'sales_volume' as kpi, * exclude (revenue, units),
        units::double as value, units::double as numerator, null::double as denominator
    from sales
    where cadence in ('weekly', 'monthly');

-- An open month is compared with as many first days of the month before as have gone by.
create or replace table by_hand.sales_growth as
    with months as (
        select *, period_end >= (select as_of from audit.clock) as is_open
        from sales
        where cadence = 'monthly'
    ),

    first_days as (
        select months.slice_value, sum(sales_days.revenue) as revenue
        from months
        inner join calendar.dim_period as before
            on before.calendar = 'gregorian'
            and before.cadence = 'monthly'
            and before.period = months.previous_period
        inner join sales_days
            on sales_days.date between before.period_start
                and before.period_start
                    + ((select max(date) from sales_days) - months.period_start)::integer
            and (months.slice = 'total' or sales_days.department = months.slice_value)
        where months.is_open
        group by all
    ),

    compared as (
        select
            months.* exclude (revenue, units, is_open),
            months.previous_period as base_period,
            months.revenue::double as revenue,
            if(months.is_open, first_days.revenue, before.revenue)::double as base
        from months
        left join months as before
            on before.period = months.previous_period
            and before.slice_value = months.slice_value
        left join first_days on first_days.slice_value = months.slice_value
    )

    select 'sales_growth' as kpi, * exclude (revenue, base),
        (revenue - base) / nullif(base, 0) as value,
        revenue - base as numerator,
        base as denominator
    from compared;

-- A basket has one household and one day: 157,000 rows in place of 1.5 M. All but a household's
-- first are repeats.
create or replace temp table baskets as
    select
        *,
        row_number() over (partition by household_id order by date, basket_id) > 1
            as is_repeat_order
    from (
        select distinct basket_id, household_id, order_date as date
        from marts.fct_order_lines
    );

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
        union all from shoppers_by('quarterly')
        union all from shoppers_by('yearly')
    )

    select
        sales.* exclude (department, units),
        coalesce(orders, 0) as orders,
        coalesce(households, 0) as households,
        coalesce(repeat_households, 0) as repeat_households
    from sales
    left join counted using (cadence, period)
    where slice = 'total';

create or replace table by_hand.orders as
    select 'orders' as kpi, * exclude (revenue, orders, households, repeat_households),
        orders::double as value, orders::double as numerator, null::double as denominator
    from shoppers
    where cadence in ('daily', 'weekly', 'monthly');

create or replace table by_hand.active_customers as
    select 'active_customers' as kpi, * exclude (revenue, orders, households, repeat_households),
        households::double as value, households::double as numerator, null::double as denominator
    from shoppers
    where cadence in ('weekly', 'monthly', 'yearly');

create or replace table by_hand.active_customers_28_days as
    with windows as (
        select
            weeks.period,
            count(distinct household_id) as households
        from shoppers as weeks
        inner join baskets
            on baskets.date <= weeks.period_end
            and baskets.date > least(weeks.period_end, (select as_of from audit.clock)) - 28
        where weeks.cadence = 'weekly'
        group by all
    ),

    line_counts as (
        select weeks.period, sum(lines) as lines
        from shoppers as weeks
        inner join sales_days
            on sales_days.date <= weeks.period_end
            and sales_days.date > least(weeks.period_end, (select as_of from audit.clock)) - 28
        where weeks.cadence = 'weekly'
        group by all
    )

    select
        'active_customers_28_days' as kpi,
        shoppers.* exclude (row_count, revenue, orders, households, repeat_households),
        coalesce(lines, 0)::bigint as row_count,
        coalesce(windows.households, 0)::double as value,
        coalesce(windows.households, 0)::double as numerator,
        null::double as denominator
    from shoppers
    left join windows using (period)
    left join line_counts using (period)
    where cadence = 'weekly';

create or replace table by_hand.regular_customer_share as
    with households_of as (
        select period, household_id, count(*) as orders
        from baskets
        inner join days using (date)
        where cadence = 'quarterly'
        group by all
    ),

    regulars as (
        select period, count_if(orders >= 12) as regulars
        from households_of
        group by all
    )

    select
        'regular_customer_share' as kpi,
        shoppers.* exclude (revenue, orders, households, repeat_households),
        coalesce(regulars, 0) / nullif(households, 0) as value,
        coalesce(regulars, 0)::double as numerator,
        households::double as denominator
    from shoppers
    left join regulars using (period)
    where cadence = 'quarterly';

create or replace table by_hand.repeat_purchase_rate as
    select
        'repeat_purchase_rate' as kpi, * exclude (revenue, orders, households, repeat_households),
        repeat_households / nullif(households, 0) as value,
        repeat_households::double as numerator,
        households::double as denominator
    from shoppers
    where cadence = 'monthly';

create or replace table by_hand.average_order_value as
    select 'average_order_value' as kpi, * exclude (revenue, orders, households, repeat_households),
        revenue::double / nullif(orders, 0) as value,
        revenue::double as numerator,
        orders::double as denominator
    from shoppers
    where cadence in ('daily', 'weekly', 'monthly');

create or replace table by_hand.refund_rate as
    with rolled_up as (
        select cadence, period, count(*) as refunds, sum(refund_amount) as refunded
        from marts.fct_refunds
        inner join days on days.date = refund_date
        where cadence in ('weekly', 'monthly')
        group by all
    )

    select 'refund_rate' as kpi,
        sales.* exclude (department, revenue, units),
        coalesce(refunded, 0)::double / nullif(revenue, 0)::double as value,
        coalesce(refunded, 0)::double as numerator,
        revenue::double as denominator,
        least(coalesce(refunds, 0), row_count)::bigint as least_rows
    from sales
    left join rolled_up using (cadence, period)
    where slice = 'total' and cadence in ('weekly', 'monthly');

create or replace temp table net_days as
    select business_date as date, count(*) as entries, sum(amount) as net
    from marts.fct_net_sales
    group by all;

create or replace table by_hand.net_revenue as
    with rolled_up as (
        select cadence, period, sum(entries) as entries, sum(net) as net
        from net_days
        inner join days using (date)
        group by all
    )

    select 'net_revenue' as kpi, spine.*,
        'total' as slice, 'total' as slice_value, '{}' as dimensions,
        coalesce(net, 0)::double as value,
        coalesce(net, 0)::double as numerator,
        null::double as denominator,
        coalesce(entries, 0)::bigint as row_count
    from spine((select min(date) from net_days)) as spine
    left join rolled_up using (cadence, period)
    where cadence in ('weekly', 'monthly', 'yearly');

---------------------------------------------------------------------------------------------------
-- Customers

create or replace table by_hand.new_customers as
    with newcomers as (
        select cadence, period, count(*) as newcomers
        from (select household_id, min(date) as date from baskets group by household_id)
        inner join days using (date)
        where cadence in ('weekly', 'monthly')
        group by all
    )

    select 'new_customers' as kpi,
        shoppers.* exclude (revenue, orders, households, repeat_households),
        coalesce(newcomers, 0)::double as value,
        coalesce(newcomers, 0)::double as numerator,
        null::double as denominator
    from shoppers
    left join newcomers using (cadence, period)
    where cadence in ('weekly', 'monthly');

---------------------------------------------------------------------------------------------------
-- Advertising: 3,650 rows a mart, so straight to the periods

create or replace temp table ads as
    with rolled_up as (
        select
            cadence,
            period,
            channel,
            campaign,
            count(*) as row_count,
            sum(spend) as spend,
            sum(clicks) as clicks,
            sum(impressions) as impressions,
            sum(conversions) as conversions
        from marts.fct_ad_performance
        inner join days on days.date = ad_date
        group by cadence, period, rollup (channel, campaign)
    ),

    slices as (
        select
            case
                when channel is null then 'total'
                when campaign is null then 'channel'
                else 'channel+campaign'
            end as slice,
            coalesce(nullif(concat_ws(' | ', channel, campaign), ''), 'total') as slice_value,
            case
                when channel is null then '{}'
                when campaign is null then json_object('channel', channel)
                else json_object('channel', channel, 'campaign', campaign)
            end as dimensions,
            channel,
            campaign
        from (select distinct channel, campaign from rolled_up)
    )

    select
        spine.*,
        slices.*,
        coalesce(row_count, 0) as row_count,
        coalesce(spend, 0)::double as spend,
        coalesce(clicks, 0)::double as clicks,
        coalesce(impressions, 0)::double as impressions,
        coalesce(conversions, 0)::double as conversions
    from spine((select min(ad_date) from marts.fct_ad_performance)) as spine
    cross join slices
    left join rolled_up
        on rolled_up.cadence = spine.cadence
        and rolled_up.period = spine.period
        and rolled_up.channel is not distinct from slices.channel
        and rolled_up.campaign is not distinct from slices.campaign
    where spine.cadence <> 'quarterly';

create or replace table by_hand.ad_spend as
    select 'ad_spend' as kpi, * exclude (spend, clicks, impressions, conversions),
        spend as value, spend as numerator, null::double as denominator
    from ads;

create or replace table by_hand.impressions as
    select 'impressions' as kpi, * exclude (spend, clicks, impressions, conversions),
        impressions as value, impressions as numerator, null::double as denominator
    from ads
    where cadence <> 'yearly';

create or replace table by_hand.click_through_rate as
    select 'click_through_rate' as kpi, * exclude (spend, clicks, impressions, conversions),
        clicks / nullif(impressions, 0) as value, clicks as numerator, impressions as denominator
    from ads
    where cadence <> 'yearly';

create or replace table by_hand.conversion_rate as
    select 'conversion_rate' as kpi, * exclude (spend, clicks, impressions, conversions),
        conversions / nullif(clicks, 0) as value, conversions as numerator, clicks as denominator
    from ads
    where cadence <> 'yearly';

create or replace table by_hand.cost_per_click as
    select 'cost_per_click' as kpi, * exclude (spend, clicks, impressions, conversions),
        spend / nullif(clicks, 0) as value, spend as numerator, clicks as denominator
    from ads
    where cadence <> 'yearly';

create or replace table by_hand.cost_per_acquisition as
    select 'cost_per_acquisition' as kpi, * exclude (spend, clicks, impressions, conversions),
        spend / nullif(conversions, 0) as value, spend as numerator, conversions as denominator
    from ads
    where cadence in ('weekly', 'monthly');

-- Behind a value of two marts lie the rows of the one that has most of them.
create or replace table by_hand.customer_acquisition_cost as
    select
        'customer_acquisition_cost' as kpi,
        newcomers.* exclude (kpi, row_count, value, numerator, denominator),
        greatest(newcomers.row_count, ads.row_count) as row_count,
        spend / nullif(newcomers.value, 0) as value,
        spend as numerator,
        newcomers.value as denominator
    from by_hand.new_customers as newcomers
    inner join ads using (cadence, period, slice)
    where cadence = 'monthly' and slice = 'total';

create or replace table by_hand.marketing_share_of_revenue as
    select
        'marketing_share_of_revenue' as kpi,
        sold.* exclude (kpi, department, row_count, value, numerator, denominator),
        greatest(sold.row_count, ads.row_count) as row_count,
        spend / nullif(sold.value, 0) as value,
        spend as numerator,
        sold.value as denominator
    from by_hand.gross_revenue as sold
    inner join ads using (cadence, period, slice)
    where cadence in ('weekly', 'monthly', 'yearly') and slice = 'total';

create or replace table by_hand.return_on_ad_spend as
    with rolled_up as (
        select
            cadence,
            period,
            channel,
            campaign,
            count(*) as row_count,
            sum(attributed_revenue) as revenue,
            sum(ad_cost) as cost
        from marts.fct_ad_attribution
        inner join days on days.date = ad_date
        where cadence in ('weekly', 'monthly')
        group by cadence, period, rollup (channel, campaign)
    ),

    slices as (
        select
            case
                when channel is null then 'total'
                when campaign is null then 'channel'
                else 'channel+campaign'
            end as slice,
            coalesce(nullif(concat_ws(' | ', channel, campaign), ''), 'total') as slice_value,
            case
                when channel is null then '{}'
                when campaign is null then json_object('channel', channel)
                else json_object('channel', channel, 'campaign', campaign)
            end as dimensions,
            channel,
            campaign
        from (select distinct channel, campaign from rolled_up)
    )

    select 'return_on_ad_spend' as kpi, spine.*, slices.*,
        coalesce(revenue, 0)::double / nullif(cost, 0)::double as value,
        coalesce(revenue, 0)::double as numerator,
        coalesce(cost, 0)::double as denominator,
        coalesce(row_count, 0) as row_count
    from spine((select min(ad_date) from marts.fct_ad_attribution)) as spine
    cross join slices
    left join rolled_up
        on rolled_up.cadence = spine.cadence
        and rolled_up.period = spine.period
        and rolled_up.channel is not distinct from slices.channel
        and rolled_up.campaign is not distinct from slices.campaign
    where spine.cadence in ('weekly', 'monthly');

create or replace table by_hand.return_on_investment as
    with rolled_up as (
        select
            cadence,
            period,
            channel,
            count(*) as row_count,
            sum(attributed_revenue - attributed_cost_of_goods - ad_cost) as profit,
            sum(attributed_cost_of_goods + ad_cost) as cost
        from marts.fct_ad_returns
        inner join days on days.date = ad_date
        where cadence in ('monthly', 'yearly')
        group by cadence, period, rollup (channel)
    ),

    slices as (
        select
            if(channel is null, 'total', 'channel') as slice,
            coalesce(channel, 'total') as slice_value,
            if(channel is null, '{}', json_object('channel', channel)) as dimensions,
            channel
        from (select distinct channel from rolled_up)
    )

    select 'return_on_investment' as kpi, spine.*, slices.*,
        coalesce(profit, 0)::double / nullif(cost, 0)::double as value,
        coalesce(profit, 0)::double as numerator,
        coalesce(cost, 0)::double as denominator,
        coalesce(row_count, 0) as row_count
    from spine((select min(ad_date) from marts.fct_ad_returns)) as spine
    cross join slices
    left join rolled_up
        on rolled_up.cadence = spine.cadence
        and rolled_up.period = spine.period
        and rolled_up.channel is not distinct from slices.channel
    where spine.cadence in ('monthly', 'yearly');

---------------------------------------------------------------------------------------------------
-- Leads and deals

-- A lead has 90 days, that of its creation the first of them, and is open until the last is over.
create or replace temp table leads as
    with known as (
        select
            created_on,
            origin,
            created_on + 89 as last_day,
            coalesce(first_deal between created_on and last_day, false) as is_won,
            not is_won and last_day >= (select as_of from audit.clock) as is_open
        from marts.fct_leads
        left join (
            select lead_id, min(won_on) as first_deal from marts.fct_deals group by lead_id
        ) using (lead_id)
    ),

    rolled_up as (
        select
            cadence,
            period,
            origin,
            count(*) as leads,
            count_if(is_won) as won,
            count_if(is_open) as open_rows,
            max(last_day) filter (not is_won) as open_until
        from known
        inner join days on days.date = created_on
        where cadence in ('weekly', 'monthly', 'yearly')
        group by cadence, period, rollup (origin)
    ),

    slices as (
        select
            if(origin is null, 'total', 'origin') as slice,
            coalesce(origin, 'total') as slice_value,
            if(origin is null, '{}', json_object('origin', origin)) as dimensions,
            origin
        from (select distinct origin from rolled_up)
    )

    select spine.*, slices.*,
        coalesce(leads, 0) as row_count,
        coalesce(won, 0) as won,
        coalesce(open_rows, 0) as open_rows,
        open_until
    from spine((select min(created_on) from marts.fct_leads)) as spine
    cross join slices
    left join rolled_up
        on rolled_up.cadence = spine.cadence
        and rolled_up.period = spine.period
        and rolled_up.origin is not distinct from slices.origin
    where spine.cadence in ('weekly', 'monthly', 'yearly');

create or replace table by_hand.leads as
    select 'leads' as kpi, * exclude (won, open_rows, open_until),
        row_count::double as value, row_count::double as numerator, null::double as denominator
    from leads
    where cadence in ('weekly', 'monthly');

create or replace table by_hand.lead_win_rate as
    select 'lead_win_rate' as kpi, * exclude (won),
        won / nullif(row_count, 0) as value,
        won::double as numerator,
        row_count::double as denominator
    from leads
    where cadence in ('monthly', 'yearly');

create or replace table by_hand.sales_cycle_length as
    with rolled_up as (
        select
            cadence,
            period,
            count(*) as deals,
            count(created_on) as with_lead,
            count(created_on) filter (won_on > (select as_of from audit.clock)) as open_rows,
            sum(won_on - created_on) as days_to_win
        from marts.fct_deals
        inner join days on days.date = won_on
        where cadence = 'monthly'
        group by all
    )

    select 'sales_cycle_length' as kpi, spine.*,
        'total' as slice, 'total' as slice_value, '{}' as dimensions,
        days_to_win / nullif(with_lead, 0) as value,
        coalesce(days_to_win, 0)::double as numerator,
        coalesce(with_lead, 0)::double as denominator,
        coalesce(deals, 0) as row_count,
        coalesce(open_rows, 0) as open_rows
    from spine((select min(won_on) from marts.fct_deals)) as spine
    left join rolled_up using (cadence, period)
    where cadence = 'monthly';
