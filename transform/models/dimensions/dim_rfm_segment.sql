-- The one definition of the segments: a grid of recency by frequency that gives each of the 25 cells one segment.
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

-- Best first, and what to do about each.
meanings as (
    {% for segment, meaning in [
        ('Champions', 'Came just now and come most often. Thank them, and ask them to bring a friend.'),
        ('Loyal', 'Come often, and were here not long ago. Offer them the next loyalty level.'),
        ('Potential Loyalists', 'Were here lately, and come now and then. A reason for one more visit makes them regulars.'),
        ('New Customers', 'Came just now, and seldom so far. Make the second visit easy.'),
        ('Promising', 'Were here lately, and seldom so far. Remind them that you exist.'),
        ('Need Attention', 'Average in both, and about to slip. A small offer now costs less than winning them back.'),
        ('About To Sleep', 'Came seldom, and some time ago. Write to them while they remember.'),
        ('Cannot Lose Them', 'Came most often, and stay away. Call them: nobody is worth more to win back.'),
        ('At Risk', 'Came often, and have been away for long. Ask what went wrong, with an offer.'),
        ('Churned', 'Came seldom, and long ago. Spend nothing on them but the newsletter.'),
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
