select
    run,
    data_from,
    data_until,
    loaded_at,
    {{ run_started() }} as built_at
from {{ source('coffee_shop', 'loads') }}
where load_id = (select max(load_id) from {{ source('coffee_shop', 'loads') }})
