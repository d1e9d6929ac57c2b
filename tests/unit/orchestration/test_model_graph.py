import pytest

from orchestration.model_graph import (
    Model,
    ModelGraph,
    compute_errors,
    models_left_out,
    read_graph,
)
from orchestration.run_log import ModelOutcome

# raw.ads -> stg_ads -> fct_ads -> parts -> ctr;  orders likewise -> revenue -> growth;
# cost reads both.
EDGES = {
    "stg_ads": [], "fct_ads": ["stg_ads"], "kpi_parts_ads": ["fct_ads"],
    "stg_orders": [], "fct_orders": ["stg_orders"], "kpi_parts_orders": ["fct_orders"],
    "kpi_ctr": ["kpi_parts_ads"], "kpi_revenue": ["kpi_parts_orders"],
    "kpi_growth": ["kpi_revenue"],
    "kpi_cost": ["kpi_parts_ads", "kpi_parts_orders"],
}  # fmt: skip
GRAPH = ModelGraph(
    {
        name: Model(name, "kpis" if name.startswith("kpi_") else "marts", tuple(refs))
        for name, refs in EDGES.items()
    }
)
KPIS = {"ctr": "kpi_ctr", "revenue": "kpi_revenue", "growth": "kpi_growth", "cost": "kpi_cost"}


def outcomes(**failed: str) -> list[ModelOutcome]:
    return [
        ModelOutcome(name, "error" if name in failed else "success", failed.get(name, ""))
        for name in EDGES
    ]


def test_references_are_read_from_sql_but_not_from_comments(tmp_path):
    models = tmp_path / "models"
    (models / "marts").mkdir(parents=True)
    (models / "marts" / "fct_a.sql").write_text(
        "{# ref('in_jinja_comment') #} -- ref('in_comment')\n"
        "/* {{ source('raw', 'gone') }} */\n"
        'select * from {{ ref(\'stg_a\') }} join {{ ref( "pkg", "stg_b" ) }}\n'
        "join {{ source('raw', 'a') }} join {{ source('calendar', 'dim_period') }}\n"
        "join {{ ref('stg_a') }}"
    )
    graph = read_graph(tmp_path)
    assert graph.models == {"fct_a": Model("fct_a", "marts", ("stg_a", "stg_b"), ("a",))}


def test_a_project_without_models_has_an_empty_graph(tmp_path):
    assert read_graph(tmp_path / "nowhere").models == {}


def test_ancestors_and_descendants_follow_the_references():
    assert GRAPH.ancestors(["kpi_growth"]) == {
        "kpi_revenue", "kpi_parts_orders", "fct_orders", "stg_orders",
    }  # fmt: skip
    assert GRAPH.descendants(["stg_ads"]) == {
        "fct_ads", "kpi_parts_ads", "kpi_ctr", "kpi_cost",
    }  # fmt: skip


def test_the_shop_is_read_from_its_sources_to_its_growth(shop):
    graph = read_graph(shop.paths.dbt_project)
    assert graph.models["stg_orders__orders"].sources == ("orders",)
    assert graph.models["kpi_revenue_growth"].refs == ("kpi_revenue",)
    assert graph.models["kpi_revenue_growth"].kpi == "revenue_growth"
    assert graph.models["kpi_parts_ads"].is_parts
    assert "stg_orders__orders" in graph.ancestors(["kpi_revenue_growth"])


def test_what_stands_in_for_an_input_is_no_kpis_table():
    model = Model("kpi_inputs_of_change__before", "kpis")
    assert (model.is_parts, model.is_kpi) == (True, False)


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        ((), set()),
        (("kpi_ctr",), {"kpi_ctr"}),
        (("kpi_revenue",), {"kpi_revenue", "kpi_growth"}),
        (("kpi_parts_ads",), {"kpi_parts_ads", "kpi_ctr", "kpi_cost"}),
        (("kpi_unknown",), set()),
    ],
)
def test_what_is_missing_is_left_out_with_all_that_rests_on_it(without, expected):
    assert models_left_out(GRAPH, without) == expected


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        ({}, {}),
        ({"kpi_ctr": "boom"}, {"ctr": "kpi_ctr: boom"}),
        (
            {"kpi_revenue": "boom"},
            {
                "revenue": "kpi_revenue: boom",
                "growth": "kpi_revenue: boom",
            },
        ),
        (
            {"stg_ads": "no column"},
            {
                "ctr": "stg_ads: no column",
                "cost": "stg_ads: no column",
            },
        ),
        (
            {"fct_orders": "later", "stg_orders": "first", "kpi_growth": "last"},
            dict.fromkeys(["revenue", "growth", "cost"], "stg_orders: first"),
        ),
    ],
)
def test_a_failed_model_is_an_error_of_every_kpi_that_rests_on_it(failed, expected):
    assert compute_errors(GRAPH, KPIS, outcomes(**failed)) == expected


def test_a_failure_explains_more_than_what_was_skipped_because_of_it():
    results = [
        ModelOutcome("kpi_revenue", "skipped", ""),
        ModelOutcome("kpi_growth", "error", "division"),
    ]
    errors = compute_errors(GRAPH, KPIS, results)
    assert errors["growth"] == "kpi_growth: division"
    assert errors["revenue"] == "kpi_revenue: was not built"
