{#- Macros for SQL that BigQuery and DuckDB spell differently. Both understand all other SQL in this project. -#}

{#- The days from one DATE to another. -#}
{% macro days_between(first, last) %}{{ return(adapter.dispatch('days_between')(first, last)) }}{% endmacro %}
{% macro bigquery__days_between(first, last) %}date_diff({{ last }}, {{ first }}, day){% endmacro %}
{% macro duckdb__days_between(first, last) %}date_diff('day', {{ first }}, {{ last }}){% endmacro %}

{#- The calendar months from one DATE to another: 1 from the last day of a month to the next day. -#}
{% macro months_between(first, last) %}{{ return(adapter.dispatch('months_between')(first, last)) }}{% endmacro %}
{% macro bigquery__months_between(first, last) %}date_diff({{ last }}, {{ first }}, month){% endmacro %}
{% macro duckdb__months_between(first, last) %}date_diff('month', {{ first }}, {{ last }}){% endmacro %}

{#- The first day of a DATE's month, as a DATE. -#}
{% macro month_start(date) %}{{ return(adapter.dispatch('month_start')(date)) }}{% endmacro %}
{% macro bigquery__month_start(date) %}date_trunc({{ date }}, month){% endmacro %}
{% macro duckdb__month_start(date) %}cast(date_trunc('month', {{ date }}) as date){% endmacro %}

{#- 1 for Monday to 7 for Sunday. -#}
{% macro iso_weekday(date) %}{{ return(adapter.dispatch('iso_weekday')(date)) }}{% endmacro %}
{% macro bigquery__iso_weekday(date) %}mod(extract(dayofweek from {{ date }}) + 5, 7) + 1{% endmacro %}
{% macro duckdb__iso_weekday(date) %}extract(isodow from {{ date }}){% endmacro %}

{#- English name of the weekday. -#}
{% macro day_name(date) %}{{ return(adapter.dispatch('day_name')(date)) }}{% endmacro %}
{% macro bigquery__day_name(date) %}format_date('%A', {{ date }}){% endmacro %}
{% macro duckdb__day_name(date) %}dayname({{ date }}){% endmacro %}

{#- English name of the month. -#}
{% macro month_name(date) %}{{ return(adapter.dispatch('month_name')(date)) }}{% endmacro %}
{% macro bigquery__month_name(date) %}format_date('%B', {{ date }}){% endmacro %}
{% macro duckdb__month_name(date) %}monthname({{ date }}){% endmacro %}

{#- A table for FROM, whose column `day` has every DATE from the first to the last. -#}
{% macro each_day(first, last) %}{{ return(adapter.dispatch('each_day')(first, last)) }}{% endmacro %}
{% macro bigquery__each_day(first, last) %}unnest(generate_date_array({{ first }}, {{ last }})) as day{% endmacro %}
{% macro duckdb__each_day(first, last) -%}
    unnest(cast(generate_series({{ first }}, {{ last }}, interval 1 day) as date[])) as days(day)
{%- endmacro %}

{#- The exact median of an expression within a partition, as a window function. -#}
{% macro median_by(expression, partition) %}{{ return(adapter.dispatch('median_by')(expression, partition)) }}{% endmacro %}
{% macro bigquery__median_by(expression, partition) -%}
    percentile_cont({{ expression }}, 0.5) over (partition by {{ partition }})
{%- endmacro %}
{% macro duckdb__median_by(expression, partition) %}median({{ expression }}) over (partition by {{ partition }}){% endmacro %}

{#- For config(partition_by=…): a partition for each month of a DATE column. One job may write at most 4,000, which is eleven years of daily ones. -#}
{% macro by_month(column) %}{{ return(adapter.dispatch('by_month')(column)) }}{% endmacro %}
{% macro bigquery__by_month(column) %}
    {{ return({'field': column, 'data_type': 'date', 'granularity': 'month'}) }}
{% endmacro %}
{% macro duckdb__by_month(column) %}{{ return(none) }}{% endmacro %}

{#-
  Casts to an exact decimal with at least four places. DuckDB computes with 18 digits many times faster than with the 38 of BigQuery's
  NUMERIC, and casts from there fastest by way of DOUBLE, which holds every amount below 900 billion to four places.
-#}
{% macro exact(expression) %}{{ return(adapter.dispatch('exact')(expression)) }}{% endmacro %}
{% macro bigquery__exact(expression) %}cast({{ expression }} as numeric){% endmacro %}
{% macro duckdb__exact(expression) %}cast(cast({{ expression }} as double) as decimal(18, 4)){% endmacro %}

{#- Casts a quotient to an exact decimal with nine places, before it is rounded: DuckDB divides in floating point. -#}
{% macro nine_places(expression) %}{{ return(adapter.dispatch('nine_places')(expression)) }}{% endmacro %}
{% macro bigquery__nine_places(expression) %}cast({{ expression }} as numeric){% endmacro %}
{% macro duckdb__nine_places(expression) %}cast({{ expression }} as decimal(18, 9)){% endmacro %}
