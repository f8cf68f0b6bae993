{#- Every row fulfils the expression; a row for which it is NULL does not. -#}
{% test expression_is_true(model, expression) %}
select *
from {{ model }}
where not coalesce({{ expression }}, false)
{% endtest %}
