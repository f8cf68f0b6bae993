select
    event_id,
    event_name,
    kind,
    starts_on,
    ends_on,
    store_id,
    opens_at_hour,
    closes_at_hour,
    demand_factor,
    is_closed,
    source
from {{ source('coffee_shop', 'events') }}
