"""The calendars that periods are counted in: which period a day lies in, and its neighbours by key.

One module per calendar, each saying only where its months begin and how its days are named;
`base` derives weeks, quarters and years, and the keys of the period before and of a year ago.
Does not belong here: settings (`kpi_specs.language`), SQL, warehouses.
"""

from kpi_specs.calendars.base import Calendar
from kpi_specs.calendars.fiscal import Fiscal
from kpi_specs.calendars.gregorian import GREGORIAN, Gregorian
from kpi_specs.calendars.jalali import Jalali
from kpi_specs.calendars.period import CADENCES, DAY, Cadence, CalendarName, Period
from kpi_specs.calendars.retail import Retail
from kpi_specs.calendars.weekday import WEEKDAYS, Weekday

__all__ = [
    "CADENCES", "DAY", "GREGORIAN", "WEEKDAYS", "Cadence", "Calendar", "CalendarName",
    "Fiscal", "Gregorian", "Jalali", "Period", "Retail", "Weekday",
]  # fmt: skip
