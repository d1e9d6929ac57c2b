"""Who is told what: incidents from the verdicts, an outbox, and delivery from it.

Belongs here: grouping unmeasurable periods by root cause and owner (`findings`), the life of an
incident (`incidents`, with `opening` and `ending`; `handling`: reminders, acknowledging, sending
again), the words (`message`, `words`), files that cannot be read (`unread_files`), runs that are
missing (`missed_runs`), specs that are invalid (`invalid_specs`), changes that are told
(`subscriptions`), the outbox (`outbox`), sending from it (`delivery`), and the channels
(`channels`).
Does not belong here: deciding that something is unmeasurable (`expectations`).
`audit.incidents`, `audit.outbox` and `audit.told_facts` are the only state; they change in one
transaction, and delivery works from the outbox afterwards, so that a dead channel loses nothing.
"""

from orchestration.alerts.delivery import DeliveryReport, deliver
from orchestration.alerts.handling import NotFoundError, acknowledge, remind, resend
from orchestration.alerts.incidents import Incident, foresee, record_incidents
from orchestration.alerts.invalid_specs import specs_are_read, tell_invalid, tell_unloadable
from orchestration.alerts.missed_runs import check_runs

__all__ = [
    "DeliveryReport",
    "Incident",
    "NotFoundError",
    "acknowledge",
    "check_runs",
    "deliver",
    "foresee",
    "record_incidents",
    "remind",
    "resend",
    "specs_are_read",
    "tell_invalid",
    "tell_unloadable",
]
