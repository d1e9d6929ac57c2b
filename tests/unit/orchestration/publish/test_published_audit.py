"""The audit is published with the values that it rests on."""


def test_the_smart_audit_is_published_beside_the_values(shop):
    """Five months are due on 15 June, one of them unmeasurable; the till is not connected."""
    shop.publish()
    rows = shop.read("SELECT letter, verdict, evidence FROM kpi_smart WHERE kpi = 'revenue'")
    assert [row[:2] for row in rows] == [
        ("Specific", "met"),
        ("Measurable", "not_met"),
        ("Achievable", "unknown"),
        ("Relevant", "not_met"),
        ("Time-bound", "unknown"),
    ]
    assert rows[1][2] == "no path to the data of crm"
    assert rows[0][2] == "c = formula of revenue; no worked example"


def test_findings_are_published(shop):
    shop.publish()
    assert shop.read("FROM kpi_findings") == [
        ("review", "kpi", "revenue", "no review of its definition is planned")
    ]


def test_history_of_this_very_publication_is_asked(shop):
    """Eight final months of 100 and 110 in turn: 108 is met in four, within 105 plus/minus 26.6."""
    shop.add_kpi(
        "orders",
        targets=[
            {"from": "2017-01-01", "value": 108, "set_by": "sales", "why": "plan"},
        ],
        smart={"achievable": {"reason": "it pays", "by": "sales", "on": "2017-01-01"}},
    )
    shop.add_months("orders", [100.0, 110.0] * 4 + [60.0])
    shop.publish()
    assert shop.read(
        "SELECT verdict, evidence, stated_by FROM kpi_smart "
        "WHERE kpi = 'orders' AND letter = 'Achievable'"
    ) == [
        (
            "met",
            "it pays (sales, 2017-01-01); met in 4 of 8 final values, some of what the natural "
            "limits allow",
            "sales",
        )
    ]
