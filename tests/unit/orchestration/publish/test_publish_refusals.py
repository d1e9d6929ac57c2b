import pytest

from orchestration.publish import PublishError

# What is done to a good project, and the whole message (or its end) that follows.
BROKEN = {
    "a row without a verdict": (
        "DELETE FROM audit.verdicts WHERE period = '2017-02'",
        "The KPI's table has rows without a verdict. (revenue monthly 2017-02 total total)",
    ),
    "a verdict without a row": (
        "DELETE FROM kpi.kpi_revenue WHERE period = '2017-02'",
        "There are verdicts without a row in the KPI's table. "
        "(revenue monthly 2017-02 total total)",
    ),
    "no verdict at all": (
        "DELETE FROM audit.verdicts",
        "KPIs without any verdict; the judge must write one for every KPI. (revenue)",
    ),
    "a verdict for a KPI that is not there": (
        "INSERT INTO audit.verdicts SELECT * REPLACE ('gone' AS kpi) FROM audit.verdicts",
        "There are verdicts for KPIs that the project does not have; judge again. (gone)",
    ),
    "a duplicate row": (
        "INSERT INTO kpi.kpi_revenue FROM kpi.kpi_revenue WHERE period = '2017-02'",
        "The KPI's table has a period and slice twice. (revenue monthly 2017-02 total total)",
    ),
    "a duplicate verdict": (
        "INSERT INTO audit.verdicts FROM audit.verdicts WHERE period = '2017-02'",
        "There are two verdicts for one period and slice. (revenue monthly 2017-02 total total)",
    ),
    "infinity called measured": (
        "UPDATE kpi.kpi_revenue SET value = 'inf' WHERE period = '2017-02'",
        "The judge calls rows measured whose value is missing, NaN or infinite. "
        "(revenue monthly 2017-02 total total inf)",
    ),
    "nothing called measured": (
        "UPDATE kpi.kpi_revenue SET value = NULL WHERE period = '2017-02'",
        "The judge calls rows measured whose value is missing, NaN or infinite. "
        "(revenue monthly 2017-02 total total None)",
    ),
    "no reason": (
        "UPDATE audit.verdicts SET reason = '' WHERE period = '2017-03'",
        "Rows without a value and without a reason. "
        "(revenue monthly 2017-03 total total unmeasurable)",
    ),
    "a missing period": (
        "DELETE FROM audit.verdicts WHERE period = '2017-02'; "
        "DELETE FROM kpi.kpi_revenue WHERE period = '2017-02'",
        "Periods are missing. (revenue monthly total total 2017-01 to 2017-06 5 rows)",
    ),
    "an end before the clock": (
        "DELETE FROM audit.verdicts WHERE period = '2017-06'; "
        "DELETE FROM kpi.kpi_revenue WHERE period = '2017-06'",
        "The periods of a KPI end before the clock (2017-06-15). "
        "(revenue monthly total total last 2017-05)",
    ),
    "an unknown period": (
        "DELETE FROM calendar.dim_period WHERE period = '2017-02'",
        "Periods that calendar.dim_period does not have. (revenue monthly 2017-02 total total)",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_nothing_is_published_from(shop, case):
    shop.publish("good")
    before = shop.paths.published_file.read_bytes()
    statement, message = BROKEN[case]
    shop.con.execute(statement)
    with pytest.raises(PublishError) as raised:
        shop.publish("bad")
    assert str(raised.value) == f"Nothing was published. {message}"
    assert shop.paths.published_file.read_bytes() == before


def test_two_targets_in_force_on_one_day_are_refused(world):
    target = {"from": "2017-01-01", "value": 5, "set_by": "sales", "why": "w"}
    world.add_kpi("revenue", targets=[target, target])
    world.add_months("revenue", [1.0, 2.0])
    with pytest.raises(PublishError, match=r"two targets in force\?"):
        world.publish()
