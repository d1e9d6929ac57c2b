-- Of a day and channel in two files, the file whose name sorts last holds, whenever each was loaded.
select * exclude (_file, _line, _load_id, _loaded_at)
from {{ source('raw', 'ads') }}
qualify row_number() over (
    partition by day, channel
    order by regexp_replace(_file, '[.][^/]*$', '') desc, _file desc, _line desc
) = 1
