-- One row per row of the source, as it came.
select * exclude (_file, _line, _load_id, _loaded_at)
from {{ source('raw', 'signups') }}
