-- The only definition of the segments: a grid of recency and frequency scores, with one segment for each of the 25 cells.
with scores as (
    {% for score in range(1, 6) -%}
    select {{ score }} as score{{ " union all" if not loop.last }}
    {% endfor %}
),

grid as (
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
),

-- Best segment first, with advice for each.
meanings as (
    {% for segment, meaning in [
        ('Champions', 'Frequent customers, here very recently. Thank them, and ask them to bring a friend.'),
        ('Loyal', 'Frequent customers, here not long ago. Offer them the next loyalty level.'),
        ('Potential Loyalists', 'Occasional customers, here recently. A reason for one more visit makes them regulars.'),
        ('New Customers', 'Few visits so far, the last very recently. Make the next visit easy.'),
        ('Promising', 'Few visits so far, the last recently. Remind them that you exist.'),
        ('Need Attention', 'Average in both scores, and about to slip. A small offer now costs less than winning them back.'),
        ('About To Sleep', 'Few visits, the last some time ago. Write to them while they remember you.'),
        ('Cannot Lose Them', 'The most frequent customers, but away for a long time. Call them: nobody is worth more to win back.'),
        ('At Risk', 'Frequent customers, but away for a long time. Ask what went wrong, and make an offer.'),
        ('Churned', 'Few visits, the last a long time ago. Spend nothing on them beyond the newsletter.'),
    ] -%}
    select {{ loop.index }} as segment_rank, '{{ segment }}' as segment, '{{ meaning }}' as meaning{{ " union all" if not loop.last }}
    {% endfor %}
)

select
    grid.r_score,
    grid.f_score,
    grid.segment,
    meanings.segment_rank,
    meanings.meaning
from grid
left join meanings on grid.segment = meanings.segment
