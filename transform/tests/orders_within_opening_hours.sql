-- An event may shorten a store's hours, or close it all day.
with events as (
    select
        stores.store_key,
        dates.date,
        max(events.opens_at_hour) as opens_at_hour,
        min(events.closes_at_hour) as closes_at_hour,
        max(case when events.is_closed then 1 end) as is_closed
    from {{ ref('dim_event') }} as events
    inner join {{ ref('dim_store') }} as stores on stores.store_id = coalesce(events.store_id, stores.store_id)
    inner join {{ ref('dim_date') }} as dates on dates.date between events.starts_on and events.ends_on
    group by stores.store_key, dates.date
),

hours as (
    select
        orders.order_id,
        orders.order_hour,
        greatest(stores.opens_at_hour, coalesce(events.opens_at_hour, 0)) as opens_at_hour,
        least(stores.closes_at_hour, coalesce(events.closes_at_hour, 24)) as closes_at_hour,
        coalesce(events.is_closed, 0) as is_closed
    from {{ ref('dim_order') }} as orders
    inner join {{ ref('dim_store') }} as stores on orders.store_key = stores.store_key
    left join events on orders.store_key = events.store_key and orders.order_date = events.date
)

select *
from hours
where
    is_closed = 1
    or order_hour < opens_at_hour
    or order_hour >= closes_at_hour
