with visits as (
    select distinct
        customers.customer_key,
        customers.customer_id,
        customers.as_of_date,
        orders.order_date
    from {{ ref('flat_orders') }} as orders
    inner join {{ ref('flat_customer_metrics') }} as customers on orders.customer_id = customers.customer_id
    where orders.order_date <= customers.as_of_date
),

gaps as (
    select
        customer_key,
        customer_id,
        as_of_date,
        {{ days_between('lag(order_date) over (partition by customer_key order by order_date)', 'order_date') }} as gap_days
    from visits
)

select
    gaps.customer_key,
    gaps.customer_id,
    gaps.as_of_date,
    cast(lengths.gap_rank as bigint) as gap_rank,
    lengths.gap_length,
    count(*) as gap_count,
    cast(sum(gaps.gap_days) as bigint) as days
from gaps
inner join {{ ref('dim_visit_gap') }} as lengths
    on gaps.gap_days >= lengths.from_days and gaps.gap_days <= coalesce(lengths.to_days, gaps.gap_days)
group by 1, 2, 3, 4, 5
