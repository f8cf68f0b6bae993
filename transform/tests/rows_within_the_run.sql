-- The run covers all days of orders. Customers and stores may be older than its first day, and never newer than its last.
with run as (
    select data_from, data_until
    from {{ source('coffee_shop', 'loads') }}
    where load_id = (select max(load_id) from {{ source('coffee_shop', 'loads') }})
),

days as (
    select 'orders.order_date' as of_column, order_date as day, order_date as not_before
    from {{ source('coffee_shop', 'orders') }}
    union all
    select 'customers.registration_date', registration_date, cast(null as date)
    from {{ source('coffee_shop', 'customers') }}
    union all
    select 'stores.opened_on', opened_on, cast(null as date)
    from {{ source('coffee_shop', 'stores') }}
)

select days.of_column, days.day
from days
cross join run
where days.day > run.data_until or days.not_before < run.data_from
