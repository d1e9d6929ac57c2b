{#
    Of rows with the same contract key, keep that of the file whose name sorts last; its ending does
    not count. When each was loaded decides nothing: a warehouse that is built anew from the same
    files, all in one run, holds the same.
#}
{% macro last_file(key) -%}
    qualify row_number() over (
        partition by {{ key | join(', ') }}
        order by regexp_replace(_file, '[.][^/]*$', '') desc, _file desc, _line desc
    ) = 1
{%- endmacro %}
