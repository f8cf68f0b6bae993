select
    {{ surrogate_key('store', 'store_id') }} as store_key,
    store_id,
    store_name,
    district,
    city,
    address,
    latitude,
    longitude,
    opened_on,
    format,
    seating_capacity,
    opens_at_hour,
    closes_at_hour
from {{ source('coffee_shop', 'stores') }}
