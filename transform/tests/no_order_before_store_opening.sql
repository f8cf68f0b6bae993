select orders.order_id, orders.order_date, stores.opened_on
from {{ ref('dim_order') }} as orders
inner join {{ ref('dim_store') }} as stores on orders.store_key = stores.store_key
where orders.order_date < stores.opened_on
