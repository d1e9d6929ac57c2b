with catalogue as (
    select * from {{ ref('stg_products__products') }}
),

costs as (
    select * from {{ ref('stg_product_costs__unit_costs') }}
)

-- Some products are sold and priced, but not in the catalogue.
select
    coalesce(catalogue.product_id, costs.product_id) as product_id,
    coalesce(catalogue.department, 'unknown') as department,
    coalesce(catalogue.brand, 'unknown') as brand,
    coalesce(catalogue.product_category, 'unknown') as product_category,
    coalesce(catalogue.product_type, 'unknown') as product_type,
    catalogue.package_size,
    costs.unit_cost,
    costs.currency as cost_currency
from catalogue
full outer join costs on catalogue.product_id = costs.product_id
