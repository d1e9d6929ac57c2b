"""The pages of `kpi docs --quality`: plain HTML that needs no network and no script."""

import shutil
from html import escape
from pathlib import Path

from orchestration.report.quality import KpiQuality, MadeCheck, Quality

OPEN = 20  # so many failing rows are shown at once; more are folded

STYLE = """
:root { color-scheme: light dark; --line: #8885; --bad: #b3261e; --good: #1b6e3c; --wait: #7a6200 }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --good: #7bd88f; --wait: #ffd666 } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; padding: .35rem .7rem; border-bottom: 1px solid var(--line);
         vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
code { font-size: .9em } small { opacity: .75 }
.bad { color: var(--bad) } .good { color: var(--good) } .wait { color: var(--wait) }
details table { margin: .3rem 0; font-size: .92em }
"""


def write_pages(found: Quality, folder: Path) -> Path:
    """Write the site anew; returns its first page.

    Args:
        found: what was judged.
        folder: where; what stands in it is replaced.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "kpi").mkdir(parents=True)
    for kpi in found.kpis:
        page = folder / "kpi" / f"{kpi.kpi}.html"
        page.write_text(_page(kpi.title, _kpi(found, kpi)), encoding="utf-8")
    index = folder / "index.html"
    index.write_text(_page(f"Quality of {found.project}", _index(found)), encoding="utf-8")
    return index


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def _index(found: Quality) -> str:
    rows = "\n".join(_index_row(kpi) for kpi in found.kpis)
    return f"""<p><b>{escape(found.headline)}</b> as of {found.as_of}.<br>
<small>Judged by run <code>{escape(found.run_id)}</code>, published {found.published}.</small></p>
<table><thead><tr><th>KPI<th>Newest due period<th class=n>Checks<th class=n>Failing<th class=n>Rows
<th class=n>With a value<th class=n>Waiting<th class=n>Without</tr></thead>
<tbody>
{rows}
</tbody></table>
<p><small>A row is a period and slice. <i>Failing</i>: checks that some row of it fails; a row that
waits (not due, or not enough history) fails none. Published in <code>kpi_checks</code>; since when:
<code>kpi_check_history</code>.</small></p>"""


def _index_row(kpi: KpiQuality) -> str:
    total = sum(kpi.statuses.values())
    measured = sum(kpi.statuses.get(one, 0) for one in ("final", "provisional"))
    waiting = kpi.statuses.get("pending", 0)
    without = total - measured - waiting
    title = f'<a href="kpi/{escape(kpi.kpi)}.html">{escape(kpi.title)}</a>'
    newest = f"<span class={_colour(kpi.newest)}>{escape(kpi.newest)}</span>"
    return (
        f"<tr><td>{title}<td>{newest}{_n(len(kpi.checks))}{_n(kpi.failing, 'bad')}{_n(total)}"
        f"{_n(measured)}{_n(waiting)}{_n(without, 'bad')}</tr>"
    )


def _kpi(found: Quality, kpi: KpiQuality) -> str:
    statuses = ", ".join(f"{count:,} {status}" for status, count in kpi.statuses.items())
    reason = f"<br>{escape(kpi.reason)}" if kpi.reason else ""
    checks = "\n".join(_check(check) for check in kpi.checks)
    return f"""<p><a href="../index.html">All KPIs</a></p>
<p>{escape(kpi.formula)}<br><small>Rests on {escape(kpi.sources)}. Owner: {escape(kpi.owner)}. Run
<code>{escape(found.run_id)}</code>, as of {found.as_of}.</small></p>
<p><b class={_colour(kpi.newest)}>{escape(kpi.newest)}</b>{reason}</p>
<p>Rows: {escape(statuses)}.</p>
<table><thead><tr><th>Check<th>Expected<th>Else<th class=n>Totals passed<th class=n>Rows failed
<th class=n>Rows waiting</tr></thead>
<tbody>
{checks}
</tbody></table>
<p><small><code>kpi explain {escape(kpi.kpi)} --period P</code> says what to do about a period and
whom to ask. All checks of totals are counted, of slices those that fail.</small></p>"""


def _check(check: MadeCheck) -> str:
    name = escape(check.name.replace("_", " "))
    told = "".join(
        f"<tr><td>{escape(row.cadence)}<td>{escape(row.period)}<td>{escape(row.slice_value)}"
        f"<td>{escape(row.observed)}<td>{row.first}</tr>"
        for row in check.rows
    )
    more = check.failed - len(check.rows)
    left = f"<p><small>and {more:,} more in kpi_checks.</small></p>" if more else ""
    rows = (
        f"<details{' open' if check.failed <= OPEN else ''}><summary class=bad>"
        f"{check.failed:,} fail</summary><table><thead><tr><th>Cadence<th>Period<th>Slice"
        f"<th>Observed<th>First seen</tr></thead><tbody>{told}</tbody></table>{left}</details>"
        if check.failed
        else ""
    )
    return (
        f"<tr><td>{name}<br><small><code>{escape(check.evidence)}</code></small>{rows}"
        f"<td>{escape(check.expected)}<td><code>{escape(check.reason_code)}</code>"
        f"{_n(check.passed)}{_n(check.failed, 'bad')}{_n(check.waiting, 'wait')}</tr>"
    )


def _n(count: int, colour: str = "") -> str:
    return f'<td class="n {colour if count else ""}">{count:,}'


def _colour(newest: str) -> str:
    status = newest.rpartition(": ")[2]
    return {"final": "good", "provisional": "good", "pending": "wait"}.get(status, "bad")
