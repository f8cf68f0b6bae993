{{ by_changed_months(cluster_by=['store_key']) }}
-- depends_on: {{ ref('loaded_months') }}

with orders as (
    select *
    from {{ source('coffee_shop', 'orders') }}
    where {{ in_changed_months('order_date') }}
),

categories as (
    select
        lines.order_id,
        count(*) as line_count,
        max(case when products.product_category = 'Beverage' then 1 else 0 end) as has_beverage,
        max(case when products.product_category = 'Pastry' then 1 else 0 end) as has_pastry,
        max(case when products.product_category = 'Savory' then 1 else 0 end) as has_savory
    from {{ source('coffee_shop', 'order_details') }} as lines
    inner join orders on lines.order_id = orders.order_id
    inner join {{ source('coffee_shop', 'products') }} as products on lines.product_id = products.product_id
    group by lines.order_id
)

select
    {{ surrogate_key('order', 'orders.order_id') }} as order_key,
    orders.order_id,
    {{ surrogate_key('customer', 'orders.customer_id') }} as customer_key,
    {{ surrogate_key('store', 'orders.store_id') }} as store_key,
    orders.ordered_at,
    orders.order_date,
    orders.order_hour,
    orders.order_type,
    orders.channel,
    orders.payment_method,
    orders.status,
    orders.promo_code,
    orders.discount_applied,
    {{ exact('orders.discount_rate') }} as discount_rate,
    categories.line_count,
    case
        when has_beverage + has_pastry + has_savory = 3 then 'All Categories'
        when has_beverage + has_pastry = 2 then 'Beverage + Pastry'
        when has_beverage + has_savory = 2 then 'Beverage + Savory'
        when has_pastry + has_savory = 2 then 'Pastry + Savory'
        when has_beverage = 1 then 'Beverage Only'
        when has_pastry = 1 then 'Pastry Only'
        when has_savory = 1 then 'Savory Only'
    end as product_mix_type
from orders
left join categories on orders.order_id = categories.order_id
