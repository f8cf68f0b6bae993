select
    {{ surrogate_key('product', 'product_id') }} as product_key,
    product_id,
    sku,
    product_name,
    product_category,
    product_subcategory,
    {{ exact('price') }} as price,
    {{ exact('unit_cost') }} as unit_cost,
    is_seasonal,
    is_vegan,
    calories,
    launched_on
from {{ source('coffee_shop', 'products') }}
