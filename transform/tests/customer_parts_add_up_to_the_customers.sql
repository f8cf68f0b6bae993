-- A customer's months add up to all their orders and revenue, and the gaps to the days from the first order to the last.
with months as (
    select
        customer_key,
        sum(order_count) as orders_all_time,
        sum(revenue) as ltv
    from {{ ref('flat_customer_months') }}
    group by customer_key
),

gaps as (
    select
        customer_key,
        sum(days) as days
    from {{ ref('flat_visit_gaps') }}
    group by customer_key
)

select customers.customer_key
from {{ ref('flat_customer_metrics') }} as customers
left join months on customers.customer_key = months.customer_key
left join gaps on customers.customer_key = gaps.customer_key
where
    months.customer_key is null
    or months.orders_all_time <> customers.orders_all_time
    or months.ltv <> customers.ltv
    or coalesce(gaps.days, 0) <> {{ days_between('customers.first_order_date', 'customers.last_order_date') }}
