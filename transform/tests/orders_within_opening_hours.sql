select orders.order_id, orders.order_hour, stores.opens_at_hour, stores.closes_at_hour
from {{ ref('dim_order') }} as orders
inner join {{ ref('dim_store') }} as stores on orders.store_key = stores.store_key
where orders.order_hour < stores.opens_at_hour or orders.order_hour >= stores.closes_at_hour
