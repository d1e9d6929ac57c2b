with products as (
    select * from {{ ref('stg_products__products') }}
),

subcategories as (
    select * from {{ ref('stg_product_subcategories__subcategories') }}
),

categories as (
    select * from {{ ref('stg_product_categories__categories') }}
)

select products.product_key, categories.category, subcategories.subcategory
from products
left join subcategories on products.subcategory_key = subcategories.subcategory_key
left join categories on subcategories.category_key = categories.category_key
