"""Who is told what: incidents from the verdicts, an outbox, and delivery from it.

Belongs here: grouping unmeasurable periods by root cause and owner (`findings`), the life of an
incident and the outbox (`incidents`), the words (`message`), sending
(`delivery`) and the channels (`channels`).
Does not belong here: deciding that something is unmeasurable (`expectations`).
`audit.incidents` and `audit.outbox` are the only state; they change in one transaction, and
delivery works from the outbox afterwards, so that a dead channel loses nothing.
"""

from orchestration.alerts.delivery import DeliveryReport, deliver
from orchestration.alerts.incidents import Incident, record_incidents

__all__ = ["DeliveryReport", "Incident", "deliver", "record_incidents"]
