"""`kpi compile` writes what follows from the specs, or says in one message why it cannot."""

from kpi_specs.language.metrics import parts
from tests.unit.orchestration.cli.in_process import run, shop_with


def test_parts_of_one_name_are_told_without_a_traceback(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(parts, "part_name", lambda measure: "total")
    shop = shop_with(tmp_path)
    code, said, error = run(capsys, shop, "compile")
    assert (code, said) == (2, "")
    first, *_, last = error.splitlines()
    assert first == "kpi: Two different parts of the dataset 'ads' are called 'total':"
    assert last == (
        "One would be shown for the other, so nothing is compiled. The specs may be right: this is "
        "a fault of the compiler, whose names do not tell all that decides a part."
    )
    assert not (shop / "dbt_project/models/kpis").exists()
