-- Nobody sits in a store without seats, pays in cash in the app, or orders in the app without an account.
select orders.order_id, orders.order_type, orders.channel, orders.payment_method
from {{ ref('dim_order') }} as orders
inner join {{ ref('dim_store') }} as stores on orders.store_key = stores.store_key
where
    (orders.order_type = 'In-store' and stores.seating_capacity = 0)
    or (orders.channel = 'app' and orders.payment_method = 'cash')
    or (orders.channel = 'app' and orders.customer_key is null)
