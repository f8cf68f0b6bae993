{{ by_changed_months(cluster_by=['store_name', 'product_category']) }}

select
    lines.order_detail_id,
    orders.order_id,
    lines.line_number,
    orders.ordered_at,
    lines.order_date,
    orders.order_hour,
    dates.weekday,
    dates.day_name,
    dates.is_weekend,
    orders.order_type,
    orders.channel,
    orders.payment_method,
    orders.status,
    lines.is_refunded,
    orders.promo_code,
    orders.discount_applied,
    orders.product_mix_type,
    customers.customer_id is not null as is_registered,
    customers.customer_id,
    customers.registration_date,
    customers.level_of_discount,
    customers.loyalty_tier,
    customers.acquisition_channel,
    products.product_id,
    products.product_name,
    products.product_category,
    products.product_subcategory,
    lines.unit_price as price,
    products.price as current_price,
    stores.store_id,
    stores.store_name,
    stores.district,
    stores.city,
    stores.address,
    stores.latitude,
    stores.longitude,
    stores.format as store_format,
    lines.quantity,
    lines.unit_price,
    lines.unit_cost,
    lines.sub_total,
    lines.discount_rate,
    lines.discount_amount,
    lines.total_amount,
    lines.net_amount,
    lines.cost_amount,
    lines.margin_amount
from {{ ref('fact_order_details') }} as lines
inner join {{ ref('dim_order') }} as orders on lines.order_id = orders.order_id
inner join {{ ref('dim_product') }} as products on lines.product_key = products.product_key
inner join {{ ref('dim_store') }} as stores on lines.store_key = stores.store_key
inner join {{ ref('dim_date') }} as dates on lines.order_date = dates.date
left join {{ ref('dim_customer') }} as customers on lines.customer_key = customers.customer_key
where {{ in_changed_months('lines.order_date') }} and {{ in_changed_months('orders.order_date') }}
