with bounds as (
    select
        min(registration_date) as first_day,
        max(registration_date) as last_day
    from {{ source('coffee_shop', 'customers') }}
    union all
    select min(order_date), max(order_date)
    from {{ source('coffee_shop', 'orders') }}
    union all
    select min(opened_on), max(opened_on)
    from {{ source('coffee_shop', 'stores') }}
),

-- Begin with a whole month, so that its chart has all days.
span as (
    select
        {{ month_start('min(first_day)') }} as first_day,
        max(last_day) as last_day
    from bounds
),

days as (
    select day
    from span, {{ each_day('span.first_day', 'span.last_day') }}
)

select
    extract(year from day) * 10000 + extract(month from day) * 100 + extract(day from day) as date_key,
    day as date,
    extract(year from day) as year,
    extract(quarter from day) as quarter,
    extract(month from day) as month,
    {{ month_name('day') }} as month_name,
    {{ month_start('day') }} as month_start,
    extract(day from day) as day,
    {{ iso_weekday('day') }} as weekday,
    {{ day_name('day') }} as day_name,
    {{ iso_weekday('day') }} >= 6 as is_weekend
from days
