{{ config(cluster_by=['segment']) }}

with as_of as (
    select {{ as_of_date() }} as as_of_date
),

orders as (
    select
        lines.customer_id,
        lines.order_date,
        lines.order_type,
        lines.is_refunded,
        lines.total_amount,
        lines.net_amount,
        lines.margin_amount,
        as_of.as_of_date,
        {{ days_between('lines.order_date', 'as_of.as_of_date') }} as days_ago
    from {{ ref('flat_orders') }} as lines
    inner join as_of on lines.order_date <= as_of.as_of_date
    where lines.is_registered
),

customers as (
    select
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
    group by customer_id, as_of_date
),

main_types as (
    select
        customer_id,
        order_type,
        row_number() over (partition by customer_id order by count(*) desc, order_type) as place
    from orders
    group by customer_id, order_type
),

gaps as (
    select
        customer_id,
        {{ days_between('lag(order_date) over (partition by customer_id order by order_date)', 'order_date') }} as gap
    from (select distinct customer_id, order_date from orders) as visits
),

median_gaps as (
    select
        customer_id,
        count(*) as gap_count,
        {{ exact('min(median_gap)') }} as median_gap
    from (
        select customer_id, {{ median_by('gap', 'customer_id') }} as median_gap
        from gaps
        where gap is not null
    ) as medians
    group by customer_id
),

rhythms as (
    select
        customers.*,
        median_gaps.median_gap as median_days_between_orders,
        -- Two visits show no rhythm, and a daily customer who skips a day has not left.
        case when median_gaps.gap_count >= 2 then {{ exact('greatest(median_gaps.median_gap, 3)') }} end as usual_gap_days
    from customers
    left join median_gaps on customers.customer_id = median_gaps.customer_id
),

scored as (
    select
        *,
        case
            {% for score, gaps, days in [(5, 1, 14), (4, 2, 30), (3, 4, 240), (2, 8, 480)] -%}
            when days_since_last_order <= coalesce({{ gaps }} * usual_gap_days, {{ days }}) then {{ score }}
            {% endfor -%}
            else 1
        end as r_score,
        -- Equal numbers of orders score alike.
        1 + floor(5 * (rank() over (order by orders_all_time) - 1) / count(*) over ()) as f_score,
        -- Break ties by id, so that the same rows give the same scores on any engine.
        ntile(5) over (order by ltv, customer_id) as m_score
    from rhythms
)

select
    profiles.customer_key,
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
    cast(case when scored.days_since_last_order < {{ days }} then 1 else 0 end as bigint) as is_active_{{ days }}d,
    scored.orders_past_{{ days }}_days,
    {% endfor -%}
    scored.orders_all_time,
    scored.orders_all_time > 1 as is_repeat_customer,
    scored.median_days_between_orders,
    scored.usual_gap_days,
    {{ exact('coalesce(4 * scored.usual_gap_days, 90)') }} as churned_after_days,
    scored.days_since_last_order > coalesce(4 * scored.usual_gap_days, 90) as is_churned,
    scored.refunded_orders,
    {{ exact('scored.refunded_amount') }} as refunded_amount,
    {{ exact('scored.ltv') }} as ltv,
    {{ exact('scored.margin_ltv') }} as margin_ltv,
    {{ ratio('scored.ltv', '(scored.orders_all_time - scored.refunded_orders)', 2) }} as avg_order_value,
    scored.days_since_last_order as recency,
    scored.orders_all_time as frequency,
    {{ exact('scored.ltv') }} as monetary,
    cast(scored.r_score as bigint) as r_score,
    cast(scored.f_score as bigint) as f_score,
    scored.m_score,
    segments.segment
from scored
inner join {{ ref('dim_customer') }} as profiles on scored.customer_id = profiles.customer_id
inner join main_types on scored.customer_id = main_types.customer_id and main_types.place = 1
inner join {{ ref('dim_store') }} as home on profiles.home_store_key = home.store_key
inner join {{ ref('dim_rfm_segment') }} as segments
    on scored.r_score = segments.r_score and scored.f_score = segments.f_score
