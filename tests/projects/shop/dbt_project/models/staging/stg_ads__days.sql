-- The newest load of each day and channel wins.
select * exclude (_file, _line, _load_id, _loaded_at)
from {{ source('raw', 'ads') }}
qualify row_number() over (partition by day, channel order by _loaded_at desc, _load_id desc, _line desc) = 1
