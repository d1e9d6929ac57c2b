"""`kpi docs` writes the reference into a project, and tells where it is out of date."""

from tests.unit.orchestration.cli.in_process import run, shop_with

FILES = [
    "docs/kpi_spec.md",
    "kpi_specs/schema/kpi.json",
    "kpi_specs/schema/source.json",
    "kpi_specs/schema/dataset.json",
    "kpi_specs/schema/project.json",
    "kpi_specs/schema/objectives.json",
    "kpi_specs/schema/owners.json",
]


def test_the_reference_is_written_once_and_then_up_to_date(tmp_path, capsys):
    shop = shop_with(tmp_path)
    code, said, _ = run(capsys, shop, "docs", "--spec")
    assert code == 0
    assert said.splitlines() == [
        *(f"written: {name}" for name in FILES),
        "7 reference files are up to date.",
    ]
    assert run(capsys, shop, "docs", "--spec") == (0, "7 reference files are up to date.", "")
    assert run(capsys, shop, "docs", "--spec", "--check")[0] == 0


def test_check_names_what_differs_and_writes_nothing(tmp_path, capsys):
    shop = shop_with(tmp_path)
    run(capsys, shop, "docs", "--spec")
    schema = shop / "kpi_specs/schema/kpi.json"
    schema.write_text("{}", encoding="utf-8")
    code, said, _ = run(capsys, shop, "docs", "--spec", "--check")
    assert code == 1
    assert said.splitlines() == [
        "out of date: kpi_specs/schema/kpi.json",
        "Run 'kpi docs --spec' and commit what it writes.",
    ]
    assert schema.read_text(encoding="utf-8") == "{}"


def test_without_a_choice_it_says_what_there_is(tmp_path, capsys):
    code, said, complaint = run(capsys, shop_with(tmp_path), "docs")
    assert (code, said) == (1, "")
    assert complaint == "kpi: say which documents: --spec or --quality.\n"
