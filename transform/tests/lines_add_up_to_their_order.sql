-- Sums are exact, because the fact table shares the order's discount among its lines. The till rounds the discount to a whole hryvnia.
with lines as (
    select
        order_id,
        sum(sub_total) as sub_total,
        sum(discount_amount) as discount_amount,
        sum(total_amount) as total_amount
    from {{ ref('fact_order_details') }}
    group by order_id
),

orders as (
    select
        order_id,
        sub_total,
        discount_rate,
        discount_amount,
        total_amount
    from {{ source('coffee_shop', 'orders') }}
)

select orders.order_id, orders.total_amount, lines.total_amount as lines_total_amount
from orders
left join lines on orders.order_id = lines.order_id
where
    lines.order_id is null
    or orders.sub_total <> lines.sub_total
    or orders.discount_amount <> lines.discount_amount
    or orders.total_amount <> lines.total_amount
    or abs(orders.discount_amount - orders.sub_total * orders.discount_rate) > 1
