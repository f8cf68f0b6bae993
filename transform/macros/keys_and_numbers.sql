{#- A key of 32 hexadecimal digits, the hash of an entity's name and id. NULL if the id is NULL. -#}
{% macro surrogate_key(entity, id) -%}
    {{ dbt.hash("'" ~ entity ~ "-' || cast(" ~ id ~ " as string)") }}
{%- endmacro %}

{#- A rounded quotient; NULL if the divisor is 0. -#}
{% macro ratio(dividend, divisor, digits) -%}
    {{ exact("round(" ~ nine_places(dividend ~ " / nullif(" ~ divisor ~ ", 0)") ~ ", " ~ digits ~ ")") }}
{%- endmacro %}

{#- A fraction as a percentage in text: 5% for 0.05, 7.5% for 0.075. DuckDB writes all places of a decimal, BigQuery only those that it needs. -#}
{% macro percent_text(fraction) -%}
    case
        when mod({{ fraction }} * 100, 1) = 0 then cast(cast({{ fraction }} * 100 as bigint) as string)
        else rtrim(cast({{ fraction }} * 100 as string), '0')
    end || '%'
{%- endmacro %}
