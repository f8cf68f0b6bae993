select orders.order_id, orders.order_date, customers.registration_date
from {{ ref('dim_order') }} as orders
inner join {{ ref('dim_customer') }} as customers on orders.customer_key = customers.customer_key
where orders.order_date < customers.registration_date
