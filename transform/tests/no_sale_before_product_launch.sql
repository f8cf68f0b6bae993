select lines.order_detail_id, lines.order_date, products.launched_on
from {{ ref('fact_order_details') }} as lines
inner join {{ ref('dim_product') }} as products on lines.product_key = products.product_key
where lines.order_date < products.launched_on
