{#-
  dbt builds orders and their lines only for the months whose files have changed since the last build. A night adds a day to one month; the rest
  of a large table stays. With --full-refresh, dbt builds every month.
-#}

{#-
  Config of such a model. Before it adds the rows of the changed months, dbt deletes the old ones.
  @param cluster_by columns to cluster by on BigQuery
-#}
{% macro by_changed_months(cluster_by) %}
    {{ config(
        materialized='incremental',
        on_schema_change='fail',
        partition_by=by_month('order_date'),
        cluster_by=cluster_by,
        pre_hook="{{ delete_changed_months() }}"
    ) }}
{% endmacro %}

{#- Whether such a model builds only the changed months. A unit test has no table (`this`) and builds all its rows. -#}
{% macro builds_changed_months() %}{{ return(execute and this and is_incremental()) }}{% endmacro %}

{#- In such a model: the condition that a DATE is in a month to build. The query contains the days, so that BigQuery reads no others. -#}
{% macro in_changed_months(column) -%}
    {%- if builds_changed_months() -%}{{ days_of_months(changed_months(), column) }}{%- else -%}true{%- endif -%}
{%- endmacro %}

{#- In such a model: the condition that a line's order is in a month to build. -#}
{% macro lines_in_changed_months() -%}
    {%- if builds_changed_months() -%}
        order_id in (select order_id from {{ ref('dim_order') }} where {{ in_changed_months('order_date') }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- In a test of such models: the same condition. -#}
{% macro in_tested_months(column) -%}
    {%- if execute -%}{{ days_of_months(changed_months(), column) }}{%- else -%}true{%- endif -%}
{%- endmacro %}

{% macro delete_changed_months() -%}
    {%- if builds_changed_months() -%}delete from {{ this }} where {{ days_of_months(changed_months(), 'order_date') }}{%- endif -%}
{%- endmacro %}

{#- The first days of the months that this build builds. The model loaded_months decides. -#}
{% macro changed_months(which='is_changed') %}
    {%- set months = api.Relation.create(target.database, build_schema(), 'loaded_months') -%}
    {{ return(run_query('select month from ' ~ months ~ ' where ' ~ which ~ ' order by month').columns[0].values() | list) }}
{% endmacro %}

{#- The condition that a DATE is in one of the months; consecutive months are one range. -#}
{% macro days_of_months(months, column) -%}
    {%- set ranges = [] -%}
    {%- for month in months -%}
        {%- set next = (month.replace(day=1) + modules.datetime.timedelta(days=32)).replace(day=1) -%}
        {%- set first = ranges.pop()[0] if ranges and ranges[-1][1] == month else month -%}
        {%- do ranges.append([first, next]) -%}
    {%- endfor -%}
    {%- set conditions = [] -%}
    {%- for first, next in ranges -%}
        {%- do conditions.append('(' ~ column ~ " >= date '" ~ first ~ "' and " ~ column ~ " < date '" ~ next ~ "')") -%}
    {%- endfor -%}
    ({{ conditions | join(' or ') if conditions else 'false' }})
{%- endmacro %}

{#- A generic test of a model that is built by months checks only the months of this build: the others passed it before. -#}
{% macro get_where_subquery(relation) -%}
    {%- set where = [] -%}
    {%- if config.get('where') -%}{%- do where.append('(' ~ config.get('where') ~ ')') -%}{%- endif -%}
    {%- if execute and relation.schema == build_schema() -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.alias == relation.identifier and node.config.materialized == 'incremental' -%}
            {%- do where.append(in_tested_months('order_date')) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if where -%}(select * from {{ relation }} where {{ where | join(' and ') }}) dbt_subquery{%- else -%}{{ relation }}{%- endif -%}
{%- endmacro %}
