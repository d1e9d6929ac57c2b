-- Of an order in two files, the file whose name sorts last holds, whenever each was loaded.
select * exclude (_file, _line, _load_id, _loaded_at)
from {{ source('raw', 'orders') }}
qualify row_number() over (
    partition by order_id
    order by regexp_replace(_file, '[.][^/]*$', '') desc, _file desc, _line desc
) = 1
