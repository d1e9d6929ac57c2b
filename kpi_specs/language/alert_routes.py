"""Routes of alerts as owners.yml writes them: `log`, `webhook`, an http URL, a URL of apprise.

Secrets stand in no spec: `${NAME}` in a URL is the environment variable of that name, filled in
when a message is sent.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from kpi_specs.language.problems import did_you_mean

BUILT_IN = ("log", "webhook")
JSON_SCHEMES = ("http", "https")
# Those that need no look at apprise, whose import and list of services take half a second.
_COMMON = (*JSON_SCHEMES, "mailto", "mailtos")
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_SECRET = ("pass", "password", "token", "secret", "apikey")  # arguments of URLs
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S+")


def scheme_of(route: str) -> str | None:
    """`mailtos` of `mailtos://...`; None where it is no URL, or a variable holds all of it."""
    found = _URL.fullmatch(route)
    return found[1].lower() if found else None


def variables_of(route: str) -> tuple[str, ...]:
    """Names of the environment variables that a route needs."""
    return tuple(dict.fromkeys(_VARIABLE.findall(route)))


def filled_in(route: str, value_of: Callable[[str], str]) -> str:
    """The route with its variables' values: as they are where one is all of it, else quoted."""
    if (whole := _VARIABLE.fullmatch(route)) is not None:
        return value_of(whole[1])
    return _VARIABLE.sub(lambda found: quote(value_of(found[1]), safe=""), route)


def fault_of(route: str, webhook: str | None) -> str | None:
    """What is wrong with a route, as a whole message; None where nothing is. Repeats no password.

    Args:
        route: One entry of an owner's `alerts`.
        webhook: The project's `alerts.webhook`.
    """
    if route == "webhook" and webhook is None:
        return "the route 'webhook' needs its address: set 'alerts: {webhook: URL}' in project.yml."
    if route in BUILT_IN or _VARIABLE.fullmatch(route):
        return None
    scheme = scheme_of(route)
    if scheme is None:
        # What is no word may be a misspelt URL with a password in it.
        shown = f"'{route}'" if re.fullmatch(r"[\w-]+", route) else "this"
        near = did_you_mean(route, BUILT_IN)
        return f"{shown} is not an alert route.{near} Else a URL: mailtos://user:${{NAME}}@host."
    if scheme not in _COMMON and scheme not in (known := _apprise_schemes()):
        near = did_you_mean(scheme, known, noun="Some that are known")
        return f"'{scheme}://' is not an alert route: apprise knows no such service.{near}"
    if _holds_a_password(route):
        return (
            f"this {scheme} route holds a password, and specs are read by many; write ${{NAME}} "
            "in its place and set the environment variable of that name."
        )
    return None


def _holds_a_password(route: str) -> bool:
    try:
        url = urlsplit(_VARIABLE.sub("", route))
    except ValueError:  # e.g. a bracket that is not closed; delivery says it
        return False
    return bool(url.password) or any(key in _SECRET for key, _ in parse_qsl(url.query))


def _apprise_schemes() -> tuple[str, ...]:
    from apprise import Apprise

    services: list[dict[str, Any]] = Apprise().details()["schemas"]
    names = ("protocols", "secure_protocols")
    return tuple(sorted({one for s in services for name in names for one in s[name] or ()}))
