-- The newest load of each order wins.
select * exclude (_file, _line, _load_id, _loaded_at)
from {{ source('raw', 'orders') }}
qualify row_number() over (partition by order_id order by _loaded_at desc, _load_id desc, _line desc) = 1
