{{ by_changed_months(cluster_by=['store_key', 'product_key']) }}

with sold as (
    select
        order_detail_id,
        order_id,
        line_number,
        product_id,
        quantity,
        {{ exact('unit_price') }} as unit_price
    from {{ source('coffee_shop', 'order_details') }}
    where {{ lines_in_changed_months() }}
),

receipts as (
    select order_id, {{ exact('sub_total') }} as sub_total, {{ exact('discount_amount') }} as discount_amount
    from {{ source('coffee_shop', 'orders') }}
    where {{ in_changed_months('order_date') }}
),

billed as (
    select
        *,
        {{ exact('quantity * unit_price') }} as sub_total,
        {{ exact('sum(quantity * unit_price) over (partition by order_id order by order_detail_id)') }} as sub_total_so_far
    from sold
),

lines as (
    select
        lines.order_detail_id,
        lines.order_id,
        orders.order_key,
        orders.customer_key,
        orders.store_key,
        products.product_key,
        lines.line_number,
        orders.order_date,
        orders.status = 'refunded' as is_refunded,
        lines.quantity,
        lines.unit_price,
        -- There is no history of costs, so assume that the cost changed as the price did.
        {{ ratio('products.unit_cost * lines.unit_price', 'products.price', 2) }} as unit_cost,
        orders.discount_rate,
        lines.sub_total,
        -- The shares of the lines so far, less those of the lines before, so that all shares add up to the order's discount.
        coalesce(
            {{ ratio('receipts.discount_amount * lines.sub_total_so_far', 'receipts.sub_total', 2) }}
            - {{ ratio('receipts.discount_amount * (lines.sub_total_so_far - lines.sub_total)', 'receipts.sub_total', 2) }},
            0
        ) as discount_amount
    from billed as lines
    inner join receipts on lines.order_id = receipts.order_id
    inner join {{ ref('dim_order') }} as orders on lines.order_id = orders.order_id
    inner join {{ ref('dim_product') }} as products on lines.product_id = products.product_id
),

priced as (
    select
        *,
        sub_total - discount_amount as total_amount,
        case when is_refunded then 0 else sub_total - discount_amount end as net_amount,
        quantity * unit_cost as cost_amount
    from lines
)

select
    {{ surrogate_key('line', 'order_detail_id') }} as order_detail_key,
    order_detail_id,
    order_id,
    order_key,
    customer_key,
    store_key,
    product_key,
    line_number,
    order_date,
    is_refunded,
    quantity,
    unit_price,
    unit_cost,
    sub_total,
    discount_rate,
    {{ exact('discount_amount') }} as discount_amount,
    {{ exact('total_amount') }} as total_amount,
    {{ exact('net_amount') }} as net_amount,
    {{ exact('cost_amount') }} as cost_amount,
    {{ exact('net_amount - cost_amount') }} as margin_amount
from priced
