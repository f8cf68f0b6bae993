-- The only definition of the ranges of gap lengths between visits, without a hole between them.
{%- set lengths = [
    ('Next day', 1, 1),
    ('2 to 3 days', 2, 3),
    ('4 to 7 days', 4, 7),
    ('8 to 14 days', 8, 14),
    ('15 to 30 days', 15, 30),
    ('31 to 90 days', 31, 90),
    ('Over 90 days', 91, 'null'),
] %}
{% for length, from, to in lengths -%}
select
    {{ loop.index }} as gap_rank,
    '{{ length }}' as gap_length,
    {{ from }} as from_days,
    cast({{ to }} as bigint) as to_days
{{ "union all" if not loop.last }}
{% endfor %}
