"""A project of a few specs without files; boring fields filled in."""

import datetime as dt
from pathlib import Path
from typing import Any

from kpi_specs.language.dataset import Dataset
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Objective, Owner, Project, ProjectSettings
from kpi_specs.language.source import Source


def kpi(key: str, **fields: Any) -> Kpi:
    boring = {
        "kpi": key, "title": {"en": key}, "kind": "kpi", "objective": "sell",
        "purpose": {"en": "p"}, "criterion": {"en": "How many orders come in?"},
        "metric": {"dataset": "orders", "simple": {"count": "rows"}}, "unit": "number",
        "direction": "higher_is_better", "cadence": "monthly", "owner": "sales",
        "availability": {"complete": {"every": "day"}, "due": "1 day"},
        "review": {"every": "yearly", "next": "2018-06-01"},
    }  # fmt: skip
    return Kpi.model_validate({**boring, **fields})


def project(*kpis: Kpi, connected: bool = True, **more: Any) -> Project:
    settings = ProjectSettings(
        name="shop", title={"en": "Shop"}, time_zone="UTC", currency="EUR", languages=("en",),
        history_from=dt.date(2016, 1, 1), default_owner="sales",
    )  # fmt: skip
    specs = {
        "objectives": {
            "grow": Objective(objective="grow", title={"en": "Grow"}, level="strategic"),
            "sell": Objective(objective="sell", title={"en": "Sell"}, level="mid", parent="grow"),
        },
        "owners": {"sales": Owner(owner="sales", name={"en": "Sales"})},
        "sources": {
            "till": Source.model_validate({
                "source": "till", "title": {"en": "Till"}, "owner": "sales", "kind": "files",
                "path": "landing/*.csv" if connected else None,
                "columns": {"id": {"type": "integer"}},
            })
        },
        "datasets": {
            "orders": Dataset(
                dataset="orders", model="fct_orders", row="an order", key=("id",), time="day",
                sources=("till",),
            )
        },
        **more,
    }  # fmt: skip
    return Project(Path(), settings, kpis={one.kpi: one for one in kpis}, **specs)
