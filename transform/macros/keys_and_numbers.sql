{#- A key of 32 hexadecimal digits, of an entity's name and its id; the key of no id is NULL. -#}
{% macro surrogate_key(entity, id) -%}
    {{ dbt.hash("'" ~ entity ~ "-' || cast(" ~ id ~ " as string)") }}
{%- endmacro %}

{#- An exact decimal of nine places. -#}
{% macro exact(expression) -%}
    cast({{ expression }} as {{ exact_type() }})
{%- endmacro %}

{#- An amount rounded to the kopiyka, half away from zero. -#}
{% macro money(expression) -%}
    {{ exact("round(" ~ expression ~ ", 2)") }}
{%- endmacro %}

{#- The quotient, rounded; NULL where the divisor is 0. Cast before it is rounded, since DuckDB divides in floating point. -#}
{% macro ratio(dividend, divisor, digits) -%}
    {{ exact("round(" ~ exact(dividend ~ " / nullif(" ~ divisor ~ ", 0)") ~ ", " ~ digits ~ ")") }}
{%- endmacro %}
