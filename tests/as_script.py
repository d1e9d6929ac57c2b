"""Imported first by the server of `tests.warm`, so that its commands run as a script's do.

DuckDB takes a process whose `__main__` is no file for a notebook, and prints a progress bar into
the output of every command with a query of more than two seconds.
"""

import sys

sys.modules["__main__"].__file__ = __file__
