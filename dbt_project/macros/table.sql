{#
    A table in one statement. dbt's own materialization takes five (a temporary table, two renames,
    two drops), 20 ms a model where this takes 6; `create or replace` is atomic in DuckDB. Hooks,
    persist_docs and contracts are left out: nothing here uses them.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {% call statement('main', auto_begin=False) -%}
        create or replace table {{ target }} as (
            {{ sql }}
        )
    {%- endcall %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
