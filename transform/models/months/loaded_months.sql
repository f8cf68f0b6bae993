-- The loaded months of orders, with a version of everything that their rows are built from, and whether they must be built again.
{%- set built = load_relation(this.incorporate(path={'identifier': 'built_months'})) -%}
{%- set customers = load_relation(this.incorporate(path={'identifier': 'dim_customer'})) -%}
{%- set again = flags.FULL_REFRESH or built is none or customers is none %}
with files as (
    select
        table_name,
        part,
        md5
    from {{ source('coffee_shop', 'loaded_files') }}
),

-- A changed price or store changes rows of all months.
shared as (
    select string_agg(md5, ' ' order by table_name) as version
    from files
    where table_name in ('products', 'stores')
),

loaded as (
    select
        files.part,
        string_agg(files.md5, ' ' order by files.table_name) || ' ' || max(shared.version) as version
    from files
    cross join shared
    where files.part <> 'all'
    group by files.part
),

months as (
    select
        cast(part || '-01' as date) as month,
        version
    from loaded
)

{% if again -%}
select
    month,
    version,
    true as is_changed
from months
{%- else -%}
,

-- A customer whose profile changed, such as the loyalty level, changes rows from the registration on. New customers have orders in the
-- newest months only.
changed_customers as (
    select min(least(old.registration_date, coalesce(profiles.registration_date, old.registration_date))) as since
    from {{ customers }} as old
    left join {{ source('coffee_shop', 'customers') }} as profiles on old.customer_id = profiles.customer_id
    where
        profiles.customer_id is null
        or profiles.registration_date <> old.registration_date
        or profiles.level_of_discount <> old.level_of_discount
        or profiles.loyalty_tier <> old.loyalty_tier
        or profiles.acquisition_channel <> old.acquisition_channel
)

select
    coalesce(months.month, old.month) as month,
    months.version,
    coalesce(months.version <> old.version, true)
    or coalesce(last_day(coalesce(months.month, old.month)) >= changed_customers.since, false) as is_changed
from months
full outer join {{ built }} as old on months.month = old.month
cross join changed_customers
{%- endif %}
