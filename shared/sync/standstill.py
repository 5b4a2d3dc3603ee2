"""A linked event with which nothing happened, but for time going by."""

from dataclasses import replace

from shared.calendar.digest import same
from shared.graph.seen import Kind
from shared.store.records import Link, Settlement
from shared.sync.case import Case
from shared.sync.report import UPDATED, appointment_change
from shared.sync.view import in_view


def is_known(case: Case, link: Link) -> bool:
    """The same etag, which says nothing of a series; and the policy lets the same be known of it
    as when it was settled.
    """
    if case.seen is None or case.seen.event is None or case.seen.kind is Kind.MASTER:
        return False
    if case.seen.etag != link.outlook_etag:
        return False
    return link.outlook is not None and same(case.seen.event, link.outlook)


def standing(case: Case, link: Link) -> Settlement | None:
    """What is told when it comes into view, and kept no longer when the policy forbids it."""
    settlement = _came_into_view(case)
    if settlement is None and case.link != link:
        return Settlement(link=case.link)
    return settlement


def _came_into_view(case: Case) -> Settlement | None:
    link = in_view(case.link, case.policy, case.now)
    if case.seen is None or not case.link.hidden or link.hidden:
        return None
    link = replace(link, version=link.version + 1, changed=case.now)
    change = appointment_change(
        case.key, link, UPDATED, case.now, mailbox=case.mailbox, fields=("hidden",)
    )
    return Settlement(link=link, changes=(change,))
