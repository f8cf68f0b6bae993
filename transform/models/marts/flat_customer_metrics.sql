{{ config(cluster_by=['segment']) }}

with as_of as (
    select {{ as_of_date() }} as as_of_date
),

orders as (
    select
        lines.customer_key,
        profiles.customer_id,
        lines.order_key,
        lines.order_date,
        types.order_type,
        lines.is_refunded,
        as_of.as_of_date,
        {{ days_between('lines.order_date', 'as_of.as_of_date') }} as days_ago,
        sum(lines.total_amount) as total_amount,
        sum(lines.net_amount) as net_amount,
        sum(lines.margin_amount) as margin_amount
    from {{ ref('fact_order_details') }} as lines
    inner join {{ ref('dim_customer') }} as profiles on lines.customer_key = profiles.customer_key
    inner join {{ ref('dim_order') }} as types on lines.order_key = types.order_key
    inner join as_of on lines.order_date <= as_of.as_of_date
    group by 1, 2, 3, 4, 5, 6, 7, 8
),

customers as (
    select
        customer_key,
        customer_id,
        as_of_date,
        count(*) as orders_all_time,
        {% for days in [7, 30, 90, 180] -%}
        count(case when days_ago < {{ days }} then 1 end) as orders_past_{{ days }}_days,
        {% endfor -%}
        count(case when is_refunded then 1 end) as refunded_orders,
        sum(total_amount) - sum(net_amount) as refunded_amount,
        sum(net_amount) as ltv,
        sum(margin_amount) as margin_ltv,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        min(days_ago) as days_since_last_order
    from orders
    group by customer_key, customer_id, as_of_date
),

main_types as (
    select
        customer_key,
        order_type,
        row_number() over (partition by customer_key order by count(*) desc, order_type) as place
    from orders
    group by customer_key, order_type
),

gaps as (
    select
        customer_key,
        {{ days_between('lag(order_date) over (partition by customer_key order by order_date)', 'order_date') }} as gap
    from (select distinct customer_key, order_date from orders) as visits
),

median_gaps as (
    select distinct
        customer_key,
        {{ exact(median_by('gap', 'customer_key')) }} as median_days_between_orders
    from gaps
    where gap is not null
),

scored as (
    select
        customers.*,
        median_gaps.median_days_between_orders,
        -- After a single visit there is no gap to go by, so use 180 days, the longest activity window.
        coalesce(3 * median_gaps.median_days_between_orders, 180) as churned_after_days,
        -- Break ties by id, so that the same rows give the same scores on any engine.
        ntile(5) over (order by customers.days_since_last_order desc, customers.customer_id) as r_score,
        ntile(5) over (order by customers.orders_all_time, customers.customer_id) as f_score,
        ntile(5) over (order by customers.ltv, customers.customer_id) as m_score
    from customers
    left join median_gaps on customers.customer_key = median_gaps.customer_key
)

select
    scored.customer_key,
    scored.customer_id,
    scored.as_of_date,
    profiles.registration_date,
    {{ month_start('profiles.registration_date') }} as cohort_month,
    {{ days_between('profiles.registration_date', 'scored.as_of_date') }} as customer_age_days,
    profiles.level_of_discount,
    profiles.discount_rate,
    profiles.loyalty_tier,
    profiles.acquisition_channel,
    profiles.marketing_opt_in,
    home.store_name as home_store_name,
    home.district as home_district,
    main_types.order_type as main_order_type,
    scored.first_order_date,
    scored.last_order_date,
    scored.days_since_last_order,
    {% for days in [7, 30, 90, 180] -%}
    scored.days_since_last_order < {{ days }} as is_active_{{ days }}d,
    scored.orders_past_{{ days }}_days,
    {% endfor -%}
    scored.orders_all_time,
    scored.orders_all_time > 1 as is_repeat_customer,
    scored.median_days_between_orders,
    {{ exact('scored.churned_after_days') }} as churned_after_days,
    scored.days_since_last_order > scored.churned_after_days as is_churned,
    scored.refunded_orders,
    {{ exact('scored.refunded_amount') }} as refunded_amount,
    {{ exact('scored.ltv') }} as ltv,
    {{ exact('scored.margin_ltv') }} as margin_ltv,
    {{ ratio('scored.ltv', '(scored.orders_all_time - scored.refunded_orders)', 2) }} as avg_order_value,
    scored.days_since_last_order as recency,
    scored.orders_all_time as frequency,
    {{ exact('scored.ltv') }} as monetary,
    scored.r_score,
    scored.f_score,
    scored.m_score,
    segments.segment
from scored
inner join {{ ref('dim_customer') }} as profiles on scored.customer_key = profiles.customer_key
inner join main_types on scored.customer_key = main_types.customer_key and main_types.place = 1
inner join {{ ref('dim_store') }} as home on profiles.home_store_key = home.store_key
inner join {{ ref('dim_rfm_segment') }} as segments
    on scored.r_score = segments.r_score and scored.f_score = segments.f_score
