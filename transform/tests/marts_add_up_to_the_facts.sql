with lines as (
    select *
    from {{ ref('fact_order_details') }}
    where order_date <= {{ as_of_date() }}
),

facts as (
    select
        count(distinct order_id) as order_count,
        sum(net_amount) as revenue,
        sum(margin_amount) as margin
    from lines
),

order_details as (
    select
        count(distinct order_id) as order_count,
        sum(net_amount) as revenue,
        sum(margin_amount) as margin
    from {{ ref('flat_order_details') }}
    where order_date <= {{ as_of_date() }}
),

orders as (
    select
        count(*) as order_count,
        sum(net_amount) as revenue,
        sum(margin_amount) as margin
    from {{ ref('flat_orders') }}
    where order_date <= {{ as_of_date() }}
),

customers as (
    select
        sum(order_count) as order_count,
        sum(revenue) as revenue,
        sum(margin) as margin
    from (
        select orders_all_time as order_count, ltv as revenue, margin_ltv as margin
        from {{ ref('flat_customer_metrics') }}
        union all
        select orders_all_time, revenue, margin
        from {{ ref('flat_anonymous_metrics') }}
    ) as parts
),

marts as (
    select 'flat_order_details' as mart, * from order_details
    union all
    select 'flat_orders', * from orders
    union all
    select 'flat_customer_metrics and flat_anonymous_metrics', * from customers
)

select marts.mart, marts.order_count, facts.order_count as expected_orders, marts.revenue, facts.revenue as expected_revenue
from marts
cross join facts
where
    marts.order_count <> facts.order_count
    or marts.revenue <> facts.revenue
    or marts.margin <> facts.margin
