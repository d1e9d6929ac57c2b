"""What the answer key says is what differs from the clean files, and nothing else does."""

import csv
import json
from collections import Counter

import pytest

from orchestration.demo import prepare
from orchestration.demo.faults import ANSWER_KEY, FAULTS


def key_of(report):
    planted = json.loads((report.landing / ANSWER_KEY).read_text())["faults"]
    return {fault["fault"]: fault for fault in planted}


def rows(path):
    text = path.read_text().splitlines()
    return (
        [json.loads(line) for line in text]
        if path.suffix == ".jsonl"
        else list(csv.DictReader(text))
    )


def changed(clean, faulty, file):
    """Rows of the clean file that are gone, and rows of the faulty one that are new."""
    before = [tuple(r.items()) for r in rows(clean.landing / file)]
    after = [tuple(r.items()) for r in rows(faulty.landing / file)]
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    return [dict(r) for r in gone.elements()], [dict(r) for r in new.elements()]


def cents(amount):
    return round(float(amount) * 100)


def test_only_the_files_of_the_answer_key_differ(clean, faulty):
    names = {str(p.relative_to(faulty.landing)) for p in faulty.landing.rglob("*") if p.is_file()}
    differing = {
        name
        for name in names
        if not (clean.landing / name).is_file()
        or (clean.landing / name).read_bytes() != (faulty.landing / name).read_bytes()
    }
    planted = {fault["file"] for fault in key_of(faulty).values()}
    assert differing - {ANSWER_KEY, "demo.json"} == planted


def test_every_fault_has_its_entry_and_none_is_planted_unasked(clean, faulty):
    assert set(key_of(faulty)) == set(FAULTS)
    assert key_of(clean) == {}


def test_missing_day_takes_all_campaigns_of_one_day(clean, faulty):
    fault = key_of(faulty)["missing_day"]
    gone, new = changed(clean, faulty, fault["file"])
    assert {row["date"] for row in gone} == set(fault["dates"]) == {"2017-09-13"}
    assert (len(gone), new) == (fault["rows"], [])


def test_duplicate_load_repeats_rows_in_another_file(clean, faulty):
    fault = key_of(faulty)["duplicate_load"]
    again = rows(faulty.landing / fault["file"])
    original = rows(clean.landing / "google_ads/campaign_performance_2017-06.csv")
    assert all(row in original for row in again)
    assert len(again) == fault["rows"] == 4 * 7
    assert sorted({row["date"] for row in again}) == fault["dates"]


def test_null_spend_empties_the_cost_and_nothing_else(clean, faulty):
    fault = key_of(faulty)["null_spend"]
    gone, new = changed(clean, faulty, fault["file"])
    assert [row | {"cost_micros": ""} for row in gone] == new
    assert len(new) == fault["rows"]
    assert sorted({row["date"] for row in new}) == fault["dates"]


def test_mixed_currency_delivers_one_campaign_in_euros(clean, faulty):
    fault = key_of(faulty)["mixed_currency"]
    gone, new = changed(clean, faulty, fault["file"])
    assert {row["account_currency"] for row in gone} == {"USD"}
    assert {row["account_currency"] for row in new} == {"EUR"}
    assert [cents(row["spend"]) for row in new] == [round(cents(r["spend"]) / 1.17) for r in gone]
    assert sorted({row["date_start"] for row in new}) == fault["dates"]
    assert len(new) == fault["rows"]


def test_late_restatement_raises_the_cost_of_a_week_in_a_later_file(clean, faulty):
    fault = key_of(faulty)["late_restatement"]
    restated = rows(faulty.landing / fault["file"])
    first = {
        (row["date"], row["campaign_id"]): row
        for row in rows(clean.landing / "google_ads/campaign_performance_2017-08.csv")
    }
    for row in restated:
        before = first[row["date"], row["campaign_id"]]
        in_cents = int(before["cost_micros"]) // 10_000
        assert row == before | {"cost_micros": str(in_cents * 105 // 100 * 10_000)}
    assert len(restated) == fault["rows"]
    assert sorted({row["date"] for row in restated}) == fault["dates"]
    assert fault["file"] > "google_ads/campaign_performance_2017-08.csv"  # loaded after it


def test_an_unknown_fault_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="'typo' is not a fault") as raised:
        prepare(tmp_path, faults=["typo"])
    assert str(raised.value) == (
        "'typo' is not a fault of the demo. Faults: missing_day, duplicate_load, null_spend, "
        "mixed_currency, late_restatement."
    )
    assert not (tmp_path / "landing").exists()
