-- The versions of the months that the facts hold, for the next build to compare.
-- depends_on: {{ ref('flat_orders') }}
-- depends_on: {{ ref('flat_order_details') }}
select
    month,
    version
from {{ ref('loaded_months') }}
where version is not null
