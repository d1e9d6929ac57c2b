"""Rules about definitions and targets that nobody looks at any more."""

import datetime as dt
from collections.abc import Iterator

from kpi_specs.language.kpi import Review
from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.slices import slice_value
from kpi_specs.language.target import Target

# Two years of the same number: whatever it was set for has been reached, or was given up.
UNMOVED = dt.timedelta(days=2 * 365)
_MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}


def review_is_not_overdue(context: RuleContext) -> Iterator[Problem]:
    """A definition is looked at again when its review is due."""
    for key, kpi in context.project.kpis.items():
        due = None if kpi.review is None else due_on(kpi.review)
        if due is not None and due < context.clock:
            message = (
                f"the review was due on {due}; look at the definition again, then set 'last' and "
                "'next'."
            )
            yield context.problem("kpi", key, ("review",), "review-overdue", message, "warning")


def review_dates_are_in_order(context: RuleContext) -> Iterator[Problem]:
    """The next review comes after the last one."""
    for key, kpi in context.project.kpis.items():
        review = kpi.review
        if review is None or review.last is None or review.next is None:
            continue
        if review.next <= review.last:
            message = (
                f"the next review ({review.next}) does not come after the last ({review.last})."
            )
            yield context.problem("kpi", key, ("review", "next"), "review-dates", message)


def due_on(review: Review) -> dt.date | None:
    """`next`, or else `last` and one interval; None where neither is said."""
    if review.next is not None or review.last is None:
        return review.next
    if review.every == "weekly":
        return review.last + dt.timedelta(days=7)
    month = review.last.month - 1 + _MONTHS[review.every]
    # The 28th exists in every month: a review due on the 31st is due a little earlier.
    return dt.date(review.last.year + month // 12, month % 12 + 1, min(review.last.day, 28))


def target_moves(context: RuleContext) -> Iterator[Problem]:
    """A target that has been the same number for more than two years is pointed out."""
    for key, kpi in context.project.kpis.items():
        for index, since in unmoved(kpi.targets, context.clock):
            target = kpi.targets[index]
            said = (
                f"{target.low:g} to {target.high:g}"
                if target.value is None
                else f"{target.value:g}"
            )
            message = (
                f"the target for '{slice_value(tuple(target.where.values()))}' has been {said} "
                f"since {since}, for more than two years; set it anew."
            )
            path = ("targets", index)
            yield context.problem("kpi", key, path, "unmoved-target", message, "warning")


def unmoved(targets: tuple[Target, ...], clock: dt.date) -> Iterator[tuple[int, dt.date]]:
    """The targets in force that have been the same for too long, and since when."""
    since: dict[object, tuple[object, dt.date]] = {}  # place -> its number, and since when
    for index in sorted(range(len(targets)), key=lambda n: targets[n].from_):
        target = targets[index]
        number = (target.value, target.low, target.high)
        if target.value is None and None in (target.low, target.high):
            continue  # no number of its own
        place = (target.cadence, tuple(sorted(target.where.items())))
        before, begun = since.get(place, (None, target.from_))
        if before != number:
            begun = target.from_
        since[place] = (number, begun)
        in_force = target.from_ <= clock and (target.to is None or clock <= target.to)
        if in_force and clock - begun > UNMOVED:
            yield index, begun
