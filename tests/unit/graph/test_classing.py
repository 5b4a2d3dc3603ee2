"""What kind of mailbox it is, by what Graph shows of an account and answers of its calendar."""

import pytest

from shared.errors import Reconnect
from shared.graph.classing import by_calendar, looks_shared
from shared.graph.directory import Answer
from shared.store.records import MailboxClass

OPEN = Answer({"id": "c"})
FOUNDATION = "113feb6c-3fe4-4440-bddc-54d774bf0318"
MAILBOX = "efb87545-963c-4e0d-99df-69c6916d9eb0"
LICENCE = {"skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965"}


def closed(code="MailboxNotEnabledForRESTAPI"):
    return Answer(None, code, Reconnect("mailbox-missing"))


def plan(plan_id=MAILBOX, status="Enabled", service="exchange"):
    return {"service": service, "servicePlanId": plan_id, "capabilityStatus": status}


def profile(plans=(), licences=(), **more):
    return {"id": "u", "assignedPlans": plans, "assignedLicenses": licences, **more}


LICENSED = profile([plan()], [LICENCE])
CLOSED = {
    "no licence": (profile(), "no_licence"),
    "a plan of Exchange's that has no mailbox": (
        profile([plan(FOUNDATION)], [LICENCE]),
        "no_licence",
    ),
    "a plan that has ended": (profile([plan(status="Deleted")], [LICENCE]), "no_licence"),
    "a plan about to end": (profile([plan(status="Warning")], [LICENCE]), "inactive"),
    "an account of the cloud": (LICENSED, "inactive"),
    "an account of own servers": (LICENSED | {"onPremisesSyncEnabled": True}, "on_premises"),
    "an account once of own servers": (LICENSED | {"onPremisesSyncEnabled": False}, "on_premises"),
    "licences without plans": (profile(None, [LICENCE]), "inactive"),
    "neither is shown": (profile(None, None), "unopened"),
    "neither was asked for": ({"id": "u"}, "unopened"),
    "blocked": (profile(None, None, accountEnabled=False), "disabled"),
}


@pytest.mark.parametrize(("account", "kind"), CLOSED.values(), ids=CLOSED)
def test_why_a_mailbox_does_not_open(account, kind):
    """By the account; where it shows nothing, nothing is claimed of its licence."""
    assert by_calendar(account, closed(), None).kind == kind


def test_exchange_itself_may_say_where_a_mailbox_is():
    """Whatever the account shows, or does not."""
    answer = closed("MailboxNotHostedInExchangeOnline")

    assert by_calendar({"id": "u"}, answer, None).kind is MailboxClass.ON_PREMISES


def test_every_class_that_is_not_connected_has_a_problem():
    kinds = {by_calendar(account, closed(), None).problem for account, _ in CLOSED.values()}

    assert "" not in kinds
    assert len(kinds) == len({kind for _, kind in CLOSED.values()})


def test_a_blocked_account_whose_licences_are_hidden_is_no_shared_mailbox():
    """A person who was blocked; only what is seen to have no licence is nobody's own."""
    hidden = profile(None, None, accountEnabled=False)

    assert by_calendar(hidden, OPEN, None).kind is MailboxClass.DISABLED
    assert by_calendar(profile(accountEnabled=False), OPEN, None).kind is MailboxClass.SHARED


@pytest.mark.parametrize(
    ("account", "shared"),
    [
        (profile(), True),
        (profile([plan(FOUNDATION)], [LICENCE]), True),
        (LICENSED, False),
        (profile([plan(status="Suspended")], [LICENCE]), False),
        (profile(None, None), False),
        (profile(None, [LICENCE]), False),
        (profile([], [LICENCE]), False),
        (profile([], None), False),
        ({"id": "u"}, False),
    ],
)
def test_an_open_mailbox_may_be_shared(account, shared):
    """Where its account is seen never to have had a licence for one. A person whose licence has
    ended keeps the mailbox for a while, and whose licences are hidden may have any.
    """
    assert looks_shared(account) is shared
