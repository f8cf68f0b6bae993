{{ by_changed_months(cluster_by=['store_name', 'order_type']) }}

with lines as (
    select
        order_id,
        sum(quantity) as items,
        sum(sub_total) as sub_total,
        sum(discount_amount) as discount_amount,
        sum(total_amount) as total_amount,
        sum(net_amount) as net_amount,
        sum(margin_amount) as margin_amount
    from {{ ref('fact_order_details') }}
    where {{ in_changed_months('order_date') }}
    group by order_id
)

select
    orders.order_id,
    orders.ordered_at,
    orders.order_date,
    orders.order_hour,
    dates.weekday,
    dates.day_name,
    dates.is_weekend,
    stores.store_id,
    stores.store_name,
    stores.district,
    orders.order_type,
    orders.channel,
    orders.payment_method,
    orders.status = 'refunded' as is_refunded,
    customers.customer_id is not null as is_registered,
    customers.customer_id,
    customers.registration_date,
    customers.level_of_discount,
    customers.loyalty_tier,
    orders.product_mix_type,
    cast(
        case
            when orders.product_mix_type = 'All Categories' then 3
            when orders.product_mix_type like '%+%' then 2
            else 1
        end as bigint
    ) as category_count,
    orders.discount_applied,
    case
        when not orders.discount_applied then null
        when orders.promo_code is not null then 'promotion'
        else 'loyalty'
    end as discount_kind,
    case when orders.discount_applied then coalesce(orders.promo_code, {{ percent_text('orders.discount_rate') }}) end as discount_reason,
    cast(lines.items as bigint) as items,
    {{ exact('lines.sub_total') }} as sub_total,
    {{ exact('lines.discount_amount') }} as discount_amount,
    {{ exact('lines.total_amount') }} as total_amount,
    {{ exact('lines.net_amount') }} as net_amount,
    {{ exact('lines.margin_amount') }} as margin_amount
from {{ ref('dim_order') }} as orders
inner join lines on orders.order_id = lines.order_id
inner join {{ ref('dim_store') }} as stores on orders.store_key = stores.store_key
inner join {{ ref('dim_date') }} as dates on orders.order_date = dates.date
left join {{ ref('dim_customer') }} as customers on orders.customer_key = customers.customer_key
where {{ in_changed_months('orders.order_date') }}
