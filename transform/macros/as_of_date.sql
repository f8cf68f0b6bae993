{#- The day that all metrics look back from: the variable as_of_date, or the last day of orders if that is empty. -#}
{% macro as_of_date() %}
    {%- set day = var('as_of_date') | string -%}
    {%- if not day -%}
        (select max(order_date) from {{ source('coffee_shop', 'orders') }})
    {%- elif modules.re.fullmatch('\d{4}-\d{2}-\d{2}', day) -%}
        date '{{ day }}'
    {%- else -%}
        {{ exceptions.raise_compiler_error("as_of_date is '" ~ day ~ "', which is not a day: give YYYY-MM-DD, or leave it empty") }}
    {%- endif -%}
{% endmacro %}

{#- When this run of dbt began, as a TIMESTAMP in UTC. -#}
{% macro run_started() %}timestamp '{{ run_started_at.strftime('%Y-%m-%d %H:%M:%S') }}'{% endmacro %}
