with lengths as (
    select
        from_days,
        to_days,
        lag(to_days) over (order by gap_rank) as before_days,
        lead(from_days) over (order by gap_rank) as after_days
    from {{ ref('dim_visit_gap') }}
)

select *
from lengths
where
    from_days <> coalesce(before_days, 0) + 1
    or to_days < from_days
    or (to_days is null) <> (after_days is null)
