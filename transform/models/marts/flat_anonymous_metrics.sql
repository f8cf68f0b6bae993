with by_store as (
    select
        orders.store_id,
        orders.store_name,
        orders.district,
        orders.order_type,
        orders.is_registered,
        as_of.as_of_date,
        count(*) as orders_all_time,
        count(case when orders.is_refunded then 1 end) as refunded_orders,
        sum(orders.items) as items,
        sum(orders.net_amount) as revenue,
        sum(orders.margin_amount) as margin,
        min(orders.order_date) as first_order_date,
        max(orders.order_date) as last_order_date
    from {{ ref('flat_orders') }} as orders
    inner join (select {{ as_of_date() }} as as_of_date) as as_of on orders.order_date <= as_of.as_of_date
    group by 1, 2, 3, 4, 5, 6
),

with_store_totals as (
    select
        *,
        sum(orders_all_time) over (partition by store_id) as store_orders,
        sum(revenue) over (partition by store_id) as store_revenue
    from by_store
)

select
    {{ surrogate_key('store', 'store_id') }} as store_key,
    store_id,
    store_name,
    district,
    order_type,
    as_of_date,
    orders_all_time,
    refunded_orders,
    first_order_date,
    last_order_date,
    {{ exact('revenue') }} as revenue,
    {{ exact('margin') }} as margin,
    {{ ratio('revenue', '(orders_all_time - refunded_orders)', 2) }} as avg_order_value,
    {{ ratio('items', 'orders_all_time', 4) }} as items_per_order,
    {{ ratio('orders_all_time', 'store_orders', 4) }} as share_of_store_orders,
    {{ ratio('revenue', 'store_revenue', 4) }} as share_of_store_revenue
from with_store_totals
where not is_registered
