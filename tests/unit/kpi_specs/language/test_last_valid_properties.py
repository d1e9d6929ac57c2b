"""Whatever is done to KPI specs, the project can be run, and withholds what it cannot stand for."""

import shutil
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kpi_specs.compiler import compile_project
from kpi_specs.language import load_project, load_with_last_valid
from tests.copies import PROJECTS
from tests.random_examples import few

SHOP = PROJECTS / "shop"
FILES = sorted(path.relative_to(SHOP) for path in (SHOP / "kpi_specs/kpis").rglob("*.yml"))
WORDS = ("amount", "orders", "revenue", "daily", "monthly", "channel", "ops", "sum", "kpi", ":")
LINES = ("kpi: revenue", "foo: bar", "\t- x", "  - {", "---", "leads_to: [nothing]", "kind: kri")

number = st.integers(0, 60)
Edit = Callable[[list[str]], list[str]]
edits: st.SearchStrategy[Edit] = st.one_of(
    number.map(lambda at: lambda lines: lines[:at]),
    number.map(lambda at: lambda lines: lines[:at] + lines[at + 1 :]),
    st.tuples(number, st.sampled_from(LINES)).map(
        lambda new: lambda lines: [*lines[: new[0]], new[1], *lines[new[0] :]]
    ),
    st.tuples(st.sampled_from(WORDS), st.sampled_from((*WORDS, ""))).map(
        lambda pair: lambda lines: [line.replace(*pair) for line in lines]
    ),
)


def to_file(edit: Edit) -> Callable[[Path], None]:
    """The edit as something that is done to a file."""

    def changed(file: Path) -> None:
        lines = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join(edit(lines)) + "\n", encoding="utf-8")

    return changed


to_files = st.one_of(
    edits.map(to_file),
    st.just(lambda file: file.unlink()),
    st.sampled_from(("other.yml", "revenue.yml", "x y.yml", "orders.yaml")).map(
        lambda name: lambda file: file.rename(file.with_name(name))
    ),
    st.just(lambda file: shutil.copy(file, file.with_name("copy.yml"))),
    st.just(lambda file: file.write_bytes(b"\xff\x00")),
)


@given(done=st.dictionaries(st.sampled_from(FILES), to_files, min_size=1, max_size=3))
@few(60)
def test_a_run_has_a_project_whose_kpis_rest_on_valid_ones_only(tmp_path_factory, done):
    root = Path(shutil.copytree(SHOP, tmp_path_factory.mktemp("shop") / "shop"))
    for file, do in done.items():
        if (root / file).is_file():
            do(root / file)
    before = load_project(SHOP).project
    loaded = load_with_last_valid(root, before.texts)
    project = loaded.project
    assert project is not None, loaded.errors
    assert bool(project.invalid) == bool(loaded.errors)
    compile_project(project)
    withheld = project.withheld
    assert set(project.invalid) & set(project.kpis) <= set(withheld)
    for key, kpi in project.kpis.items():
        if key not in withheld:
            assert set(kpi.metric.uses) <= set(project.kpis) - set(withheld), key
    untouched = {path.stem for path in FILES} - {path.stem for path in done}
    assert untouched <= set(project.kpis), "only a file that was taken away is a KPI that is gone"
