-- loaded_months compares the customers of the last build with the loaded ones.
-- depends_on: {{ ref('loaded_months') }}
select
    {{ surrogate_key('customer', 'customer_id') }} as customer_key,
    customer_id,
    registration_date,
    level_of_discount,
    {{ exact(exact("replace(level_of_discount, '%', '')") ~ " / 100") }} as discount_rate,
    loyalty_tier,
    acquisition_channel,
    {{ surrogate_key('store', 'home_store_id') }} as home_store_key,
    -- Keep only the decade of birth: enough for a chart, and it identifies nobody.
    birth_year - mod(birth_year, 10) as birth_decade,
    marketing_opt_in
from {{ source('coffee_shop', 'customers') }}
