-- The one definition of the segments: a grid of recency by frequency that gives each of the 25 cells one segment.
with scores as (
    {% for score in range(1, 6) -%}
    select {{ score }} as score{{ " union all" if not loop.last }}
    {% endfor %}
)

select
    recency.score as r_score,
    frequency.score as f_score,
    case
        when recency.score = 5 and frequency.score >= 4 then 'Champions'
        when recency.score >= 3 and frequency.score >= 4 then 'Loyal'
        when recency.score >= 4 and frequency.score >= 2 then 'Potential Loyalists'
        when recency.score = 5 then 'New Customers'
        when recency.score = 4 then 'Promising'
        when recency.score = 3 and frequency.score = 3 then 'Need Attention'
        when recency.score = 3 then 'About To Sleep'
        when frequency.score = 5 then 'Cannot Lose Them'
        when frequency.score >= 3 then 'At Risk'
        else 'Churned'
    end as segment
from scores as recency
cross join scores as frequency
