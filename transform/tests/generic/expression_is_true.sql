{#- Every row fulfils the expression. A row for which it is NULL fails. -#}
{% test expression_is_true(model, expression) %}
select *
from {{ model }}
where not coalesce({{ expression }}, false)
{% endtest %}
