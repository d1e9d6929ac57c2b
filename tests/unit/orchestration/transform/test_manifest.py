from pathlib import Path

import pytest
from small_dbt_project import write

from orchestration.paths import ProjectPaths
from orchestration.transform import manifest, prepare


@pytest.fixture
def parses(monkeypatch) -> list[str]:
    """Commands that were given to dbt."""
    commands: list[str] = []
    invoke = manifest.invoke

    def counted(paths: ProjectPaths, command: str):
        commands.append(command)
        return invoke(paths, command)

    monkeypatch.setattr(manifest, "invoke", counted)
    return commands


def kept(paths: ProjectPaths) -> list[str]:
    return sorted(path.name for path in paths.dbt_target.glob("manifest-*"))


def test_an_unchanged_project_is_parsed_once(tmp_path: Path, parses: list[str]):
    paths = write(tmp_path)
    first, second = prepare(paths), prepare(paths)
    assert parses == ["parse"]
    assert set(first.nodes) == set(second.nodes) == {
        "model.small.numbers", "model.small.doubled", "model.small.alone",
    }  # fmt: skip


CHANGES = {
    "a model's text": lambda project: (project / "models/alone.sql").write_text("select 'y' as x"),
    "a new file": lambda project: (project / "models/new.sql").write_text("select 1 as n"),
    "a file removed": lambda project: (project / "models/alone.sql").unlink(),
    "a file renamed": lambda project: (project / "models/alone.sql").rename(
        project / "models/single.sql"
    ),
    "the profile": lambda project: (project / "profiles.yml").write_text(
        (project / "profiles.yml").read_text().replace("main", "other")
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_parsed_and_the_old_manifest_removed(
    change: str, tmp_path: Path, parses: list[str]
):
    paths = write(tmp_path)
    prepare(paths)
    before = kept(paths)
    CHANGES[change](paths.dbt_project)
    fresh = prepare(paths)
    assert parses == ["parse", "parse"]
    assert len(kept(paths)) == 1
    assert kept(paths) != before
    models = {path.stem for path in paths.dbt_project.glob("models/*.sql")}
    assert {node.name for node in fresh.nodes.values()} == models


def test_what_dbt_writes_when_called_by_hand_is_no_change(tmp_path: Path, parses: list[str]):
    paths = write(tmp_path)
    prepare(paths)
    for folder in ("target", "logs"):
        (paths.dbt_project / folder).mkdir()
        (paths.dbt_project / folder / "x.log").write_text("x")
    prepare(paths)
    assert parses == ["parse"]


def test_an_environment_variable_that_the_project_reads_is_part_of_it(
    tmp_path: Path, parses: list[str], monkeypatch
):
    monkeypatch.setenv("SOME_FACTOR", "2")
    paths = write(tmp_path, scaled__sql="select {{ env_var('SOME_FACTOR') }} as n")
    for _ in range(2):
        prepare(paths)
    assert parses == ["parse"]
    monkeypatch.setenv("SOME_FACTOR", "3")
    prepare(paths)
    assert parses == ["parse", "parse"]


def test_a_moved_project_is_parsed_again(tmp_path: Path, parses: list[str]):
    write(tmp_path / "here")
    prepare(ProjectPaths(tmp_path / "here"))
    (tmp_path / "here").rename(tmp_path / "there")
    prepare(ProjectPaths(tmp_path / "there"))
    assert parses == ["parse", "parse"]


def test_damaged_files_are_parsed_again(tmp_path: Path, parses: list[str]):
    paths = write(tmp_path)
    prepare(paths)
    for file in paths.dbt_target.glob("*.msgpack"):
        file.write_bytes(file.read_bytes()[:1000])
    assert len(prepare(paths).nodes) == 3
    assert parses == ["parse", "parse"]
