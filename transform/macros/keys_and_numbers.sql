{#- A key of 32 hexadecimal digits, the hash of an entity's name and id. NULL if the id is NULL. -#}
{% macro surrogate_key(entity, id) -%}
    {{ dbt.hash("'" ~ entity ~ "-' || cast(" ~ id ~ " as string)") }}
{%- endmacro %}

{#- Rounds an amount to the kopiyka, half away from zero. -#}
{% macro money(expression) -%}
    {{ exact("round(" ~ expression ~ ", 2)") }}
{%- endmacro %}

{#- A rounded quotient; NULL if the divisor is 0. -#}
{% macro ratio(dividend, divisor, digits) -%}
    {{ exact("round(" ~ nine_places(dividend ~ " / nullif(" ~ divisor ~ ", 0)") ~ ", " ~ digits ~ ")") }}
{%- endmacro %}
