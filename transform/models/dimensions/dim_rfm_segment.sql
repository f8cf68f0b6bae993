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
        ('Champions', 'They come often, and the last visit is within their usual gap. Thank them, and ask them to bring a friend.'),
        ('Loyal', 'They come often, and the last visit is one to four of their usual gaps ago. Offer them the next loyalty level.'),
        ('Potential Loyalists', 'A few visits so far, the last not long ago. A reason for one more visit makes them regulars.'),
        ('New Customers', 'Few visits so far, the last within days. Make the next one easy, since many never come again.'),
        ('Promising', 'Few visits so far, the last not long ago. Remind them that you exist.'),
        ('Need Attention', 'Some visits so far, and the next one is overdue. A small offer now costs less than winning them back.'),
        ('About To Sleep', 'Few visits, the last some time ago, and most will not come again unprompted. Write to them while they remember you.'),
        ('Cannot Lose Them', 'They came most often of all, and have been away for far longer than usual. Write to those who agreed to it: nobody is worth more to win back.'),
        ('At Risk', 'They came often or now and then, and have been away for far longer than usual. Some are only on a break: ask what went wrong, and make an offer.'),
        ('Churned', 'Few visits, and none for a long time. Spend nothing on them beyond the newsletter.'),
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
