"""A KPI's spec becomes invalid while data and machinery are sound, and is mended after the run."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestration.steps import Steps
from tests.mutations.catalogue import WHOLE
from tests.mutations.expected import Withheld
from tests.mutations.machinery import Fault

_SALES = "kpi_specs/kpis/sales"
_MARTS = "dbt_project/models/marts"
_OVER_REVENUE = ("revenue_growth", "revenue_28_days", "return_on_ad_spend")


def _with_files(contents: Mapping[str, bytes | tuple[str, str]]) -> Any:
    """Files as they are during the run: what stands in them, or an old and a new word."""

    @contextmanager
    def broken(root: Path) -> Iterator[Steps]:
        before = {}
        for name, content in contents.items():
            file = root / name
            before[file] = file.read_bytes() if file.is_file() else None
            if isinstance(content, tuple):
                text = file.read_text(encoding="utf-8")
                assert content[0] in text
                content = text.replace(*content).encode()
            file.write_bytes(content)
        yield Steps()
        for file, text in before.items():
            if text is None:
                file.unlink()
            else:
                file.write_bytes(text)

    return broken


def _withheld(*kpis: str, over: tuple[str, ...] = ()) -> tuple[Withheld, ...]:
    return (Withheld("orders", *WHOLE, "SPEC_INVALID", "analyst", only=(*kpis, *over), over=over),)


def _alert(kpi: str, owner: str = "analyst") -> frozenset[tuple[str, str, str]]:
    return frozenset({(owner, f"spec:{kpi}", "SPEC_INVALID")})


SPEC_FAULTS = (
    Fault(
        "spec_invalid_column",
        "The spec of revenue names a column that there is not.",
        _with_files({f"{_SALES}/revenue.yml": ("{sum: amount", "{sum: amout")}),
        _withheld("revenue", over=_OVER_REVENUE),
        _alert("revenue"),
        ran=True,
    ),
    Fault(
        "spec_invalid_unreadable",
        "The spec of the orders cannot be read.",
        _with_files({f"{_SALES}/orders.yml": b"kpi: [orders\n\xff"}),
        _withheld("orders"),
        _alert("orders"),
        ran=True,
    ),
    Fault(
        "spec_invalid_twice",
        "Two files are the spec of the orders.",
        _with_files({"kpi_specs/kpis/marketing/orders.yml": b"kpi: orders\n"}),
        _withheld("orders"),
        _alert("orders"),
        ran=True,
    ),
    Fault(
        "spec_invalid_for_its_mart",
        "A column of the orders' mart has a new name, and the spec of the units sold the old one.",
        _with_files(
            {
                f"{_MARTS}/fct_orders.sql": ("units,", "units as pieces,"),
                f"{_MARTS}/marts.yml": ("{name: units,", "{name: pieces,"),
            }
        ),
        _withheld("units_sold"),
        _alert("units_sold"),
        ran=True,
    ),
    Fault(
        "spec_invalid_never_valid",
        "The spec of the orders is invalid in the first run of all.",
        _with_files({f"{_SALES}/orders.yml": ("unit: number", "unit: pieces")}),
        (Withheld("orders", *WHOLE, "NOT_THERE", "", only=("orders",)),),
        _alert("orders", "platform"),
    ),
)
