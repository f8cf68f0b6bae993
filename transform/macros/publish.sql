{#-
  Write, audit, publish: on BigQuery, dbt builds the marts in a dataset of its own, tests them there, and then replaces the published ones in
  one transaction. After a failed test or a failed model, readers find the marts of the last good build.
  On DuckDB, dbt builds in the published schema: local/dbt.ts gives it a copy of the whole file, which takes the place of the file if the build
  succeeds.
-#}

{#- The schema in which models are built. -#}
{% macro build_schema() %}{{ return(target.schema ~ '_build' if target.type == 'bigquery' else target.schema) }}{% endmacro %}
{% macro generate_schema_name(custom_schema_name, node) %}{{ build_schema() }}{% endmacro %}

{#- The relations of all models as [built, published, the model's config]. -#}
{% macro marts_to_publish() %}
    {%- set pairs = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- set built = api.Relation.create(node.database, node.schema, node.alias, type='table') -%}
        {%- set published = built.incorporate(path={'schema': target.schema}) -%}
        {%- do pairs.append([built, published, node.config]) -%}
    {%- endfor -%}
    {{ return(pairs) }}
{% endmacro %}

{% macro last_build() %}
    {{ return(api.Relation.create(target.database, target.schema, 'last_build', type='table')) }}
{% endmacro %}

{#- Before a build: refuses stale sources, and undoes an earlier failed build. -#}
{% macro begin_build() %}
    {%- if execute and flags.WHICH == 'build' -%}
        {%- if not adapter.check_schema_exists(target.database, target.schema) -%}
            {%- do adapter.create_schema(last_build()) -%}
        {%- endif -%}
        {%- set stale = stale_source() -%}
        {%- if stale -%}
            {%- do record_build('failed', stale) -%}
            {{ exceptions.raise_compiler_error(stale) }}
        {%- endif -%}
        {%- set last = load_relation(last_build()) -%}
        {%- if last is not none and run_query('select status from ' ~ last).columns[0].values() != ('published',) -%}
            {%- if build_schema() != target.schema -%}{%- do undo_build() -%}{%- endif -%}
        {%- endif -%}
        {%- do record_build('running', '') -%}
    {%- endif -%}
{% endmacro %}

{#- After a build: publishes it if every model was built and every test passed. -#}
{% macro finish_build(results) %}
    {%- if execute and flags.WHICH == 'build' -%}
        {%- set failures = [] -%}
        {%- set models = [] -%}
        {%- for result in results -%}
            {%- if result.status | string in ['error', 'fail', 'runtime error'] -%}
                {%- set message = (result.message or 'no message').split('\n')[:2] | map('trim') | join(' ') -%}
                {%- do failures.append(result.node.resource_type | string ~ ' ' ~ result.node.name ~ ': ' ~ message) -%}
            {%- elif result.node.resource_type | string == 'model' and result.status | string == 'success' -%}
                {%- do models.append(result.node.name) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if failures -%}
            {%- do record_build('failed', failures | join('; ')) -%}
            {%- do log('The marts are as they were: nothing of this build was published.', info=true) -%}
        {%- elif models | length < marts_to_publish() | length -%}
            {%- do record_build('partial', 'only a part of the project was built') -%}
            {%- do log('Nothing was published: only a part of the project was built.', info=true) -%}
        {%- else -%}
            {%- if build_schema() != target.schema -%}{%- do publish() -%}{%- endif -%}
            {%- do record_build('published', '') -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{#- A sentence about a source that is older than its declared freshness allows; an empty string if none is. A full rebuild accepts any age. -#}
{% macro stale_source() %}
    {%- for node in graph.sources.values() if node.freshness and node.freshness.error_after and node.freshness.error_after.count -%}
        {%- set source = api.Relation.create(node.database, node.schema, node.identifier) -%}
        {%- set newest = run_query('select max(' ~ node.loaded_at_field ~ ') from ' ~ source).columns[0].values()[0] -%}
        {%- set hours = node.freshness.error_after.count * {'minute': 1 / 60, 'hour': 1, 'day': 24}[node.freshness.error_after.period | string] -%}
        {%- if newest is none -%}
            {{ return(source.schema ~ '.' ~ source.identifier ~ ' is empty: load the files first, then build the marts.') }}
        {%- endif -%}
        {%- set age = (run_started_at.replace(tzinfo=none) - newest.replace(tzinfo=none)).total_seconds() / 3600 -%}
        {%- if age > hours and not flags.FULL_REFRESH -%}
            {{ return(
                'The data is stale: the last load into ' ~ source.schema ~ ' was ' ~ age | round | int ~ ' hours ago, and at most '
                ~ hours ~ ' are allowed. Load the new files first, then build the marts; --full-refresh builds them from the old data.'
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return('') }}
{% endmacro %}

{#- Restores the built tables from the published ones. -#}
{% macro undo_build() %}
    {%- for built, published, _ in marts_to_publish() if load_relation(built) is not none -%}
        {%- if load_relation(published) is none -%}
            {%- do adapter.drop_relation(built) -%}
        {%- else -%}
            {#- A model that was changed may have other partitions or clusters than the published table. -#}
            {%- do run_query('drop table ' ~ built ~ ';\n' ~ copy_of_table(published, built)) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{#-
  Replaces the rows of all published tables in one transaction, and of large ones only the months that were built. In a full rebuild, and if
  its columns changed, a table is copied whole, with its descriptions: BigQuery allows that only outside of a transaction. It refuses to replace a
  table by one with other partitions or clusters, so such a table is dropped first.
-#}
{% macro publish() %}
    {%- set copies = [] -%}
    {%- set changes = [] -%}
    {%- set all_months = changed_months('not is_changed') == [] -%}
    {%- for built, published, config in marts_to_publish() -%}
        {%- set columns = '' if flags.FULL_REFRESH else same_columns(built, published) -%}
        {%- set by_months = config.materialized == 'incremental' and not all_months -%}
        {%- set changed = in_tested_months('order_date') if by_months else 'true' -%}
        {%- if columns -%}
            {%- do changes.append('delete from ' ~ published ~ ' where ' ~ changed) -%}
            {%- do changes.append('insert into ' ~ published ~ ' (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ built ~ ' where ' ~ changed) -%}
        {%- else -%}
            {%- if not adapter.is_replaceable(published, adapter.parse_partition_by(config.get('partition_by')), config.get('cluster_by')) -%}
                {%- do log('Dropping ' ~ published.identifier ~ ', to publish it with other partitions or clusters.', info=true) -%}
                {%- do copies.append('drop table ' ~ published) -%}
            {%- endif -%}
            {%- do copies.append(copy_of_table(built, published)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set transaction = ['begin transaction'] + changes + ['commit transaction'] if changes else [] -%}
    {%- do run_query((copies + transaction) | join(';\n')) -%}
{% endmacro %}

{#- The columns of a built table, as SQL lists them, if the published table has the same ones; an empty string otherwise. -#}
{% macro same_columns(built, published) %}
    {%- if load_relation(published) is none -%}{{ return('') }}{%- endif -%}
    {%- set old = adapter.get_columns_in_relation(published) -%}
    {%- set new = adapter.get_columns_in_relation(built) -%}
    {%- set alike = old | map(attribute='name') | list == new | map(attribute='name') | list
        and old | map(attribute='data_type') | list == new | map(attribute='data_type') | list -%}
    {{ return(new | map(attribute='quoted') | join(', ') if alike else '') }}
{% endmacro %}

{#- The statement that makes a table a copy of another. -#}
{% macro copy_of_table(from, to) %}{{ return('create or replace table ' ~ to ~ ' copy ' ~ from) }}{% endmacro %}

{#- Records the state of the last build, for the reports: running, failed (with the reason), partial or published. -#}
{% macro record_build(status, reason) %}
    {%- set words = reason | replace("'", '’') | replace('\\', '/') | replace('\n', ' ') -%}
    {%- do run_query(
        "create or replace table " ~ last_build() ~ " as select run, data_until, '" ~ status ~ "' as status, '" ~ words[:1000]
        ~ "' as reason, " ~ run_started() ~ " as started_at from " ~ newest_load()
    ) -%}
{% endmacro %}

{#- The last load's row. -#}
{% macro newest_load() -%}
    {%- set loads = builtins.source('coffee_shop', 'loads') -%}
    (select * from {{ loads }} where load_id = (select max(load_id) from {{ loads }})) as newest
{%- endmacro %}
