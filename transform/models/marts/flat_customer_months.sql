with months as (
    select
        customers.customer_key,
        customers.customer_id,
        customers.as_of_date,
        customers.cohort_month,
        {{ month_start('orders.order_date') }} as order_month,
        count(*) as order_count,
        sum(orders.net_amount) as revenue,
        sum(orders.margin_amount) as margin
    from {{ ref('flat_orders') }} as orders
    inner join {{ ref('flat_customer_metrics') }} as customers on orders.customer_id = customers.customer_id
    where orders.order_date <= customers.as_of_date
    group by 1, 2, 3, 4, 5
)

select
    customer_key,
    customer_id,
    as_of_date,
    cohort_month,
    order_month,
    {{ months_between('cohort_month', 'order_month') }} as months_since_registration,
    order_count,
    {{ exact('revenue') }} as revenue,
    {{ exact('margin') }} as margin,
    {{ exact('sum(revenue) over (partition by customer_key order by order_month)') }} as cumulative_revenue
from months
