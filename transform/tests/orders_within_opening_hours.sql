-- An event may shorten a store's hours, or close it all day.
with hours as (
    select
        stores.store_key,
        dates.date,
        greatest(max(stores.opens_at_hour), coalesce(max(events.opens_at_hour), 0)) as opens_at_hour,
        least(max(stores.closes_at_hour), coalesce(min(events.closes_at_hour), 24)) as closes_at_hour,
        coalesce(max(case when events.is_closed then 1 end), 0) as is_closed
    from {{ ref('dim_store') }} as stores
    cross join {{ ref('dim_date') }} as dates
    left join {{ ref('dim_event') }} as events
        on dates.date between events.starts_on and events.ends_on
        and stores.store_id = coalesce(events.store_id, stores.store_id)
    group by stores.store_key, dates.date
)

select orders.order_id, orders.order_hour, hours.opens_at_hour, hours.closes_at_hour, hours.is_closed
from {{ ref('dim_order') }} as orders
inner join hours on orders.store_key = hours.store_key and orders.order_date = hours.date
where
    hours.is_closed = 1
    or orders.order_hour < hours.opens_at_hour
    or orders.order_hour >= hours.closes_at_hour
