{#
    Of rows with the same contract key, keep the one that was loaded last: a file delivered twice
    changes nothing, a later file restates. Within one load the file that sorts last holds.
#}
{% macro latest_load(key) -%}
    qualify row_number() over (
        partition by {{ key | join(', ') }}
        order by _loaded_at desc, _file desc, _line desc
    ) = 1
{%- endmacro %}
