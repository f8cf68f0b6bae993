{%- set pairs = {
    'dim_customer': source('coffee_shop', 'customers'),
    'dim_product': source('coffee_shop', 'products'),
    'dim_store': source('coffee_shop', 'stores'),
    'dim_event': source('coffee_shop', 'events'),
    'dim_order': source('coffee_shop', 'orders'),
    'flat_orders': source('coffee_shop', 'orders'),
    'fact_order_details': source('coffee_shop', 'order_details'),
    'flat_order_details': source('coffee_shop', 'order_details'),
} -%}

with counts as (
    {% for model, expected in pairs.items() -%}
    select
        '{{ model }}' as model,
        (select count(*) from {{ ref(model) }}) as row_count,
        (select count(*) from {{ expected }}) as expected_count
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select *
from counts
where row_count <> expected_count
