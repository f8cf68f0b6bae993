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
),

events as (
    select
        days.day,
        string_agg(events.event_name, '; ' order by events.event_id) as event_names
    from days
    inner join {{ ref('dim_event') }} as events on days.day between events.starts_on and events.ends_on
    group by days.day
)

select
    extract(year from days.day) * 10000 + extract(month from days.day) * 100 + extract(day from days.day) as date_key,
    days.day as date,
    extract(year from days.day) as year,
    extract(quarter from days.day) as quarter,
    extract(month from days.day) as month,
    {{ month_name('days.day') }} as month_name,
    {{ month_start('days.day') }} as month_start,
    extract(day from days.day) as day,
    {{ iso_weekday('days.day') }} as weekday,
    {{ day_name('days.day') }} as day_name,
    {{ iso_weekday('days.day') }} >= 6 as is_weekend,
    events.event_names
from days
left join events on days.day = events.day
