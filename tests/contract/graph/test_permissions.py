"""Who may write to a calendar, as Graph tells it to us, and what follows for who acts."""

from datetime import timedelta

import pytest

from shared.errors import Reconnect, Refused, Throttled
from shared.graph.seen import Permission
from shared.people.rights import Rights
from shared.store.memory import MemoryStore
from shared.store.records import Calendar, CalendarKey, State
from tests.contract.graph.conftest import CONNECTION, NOW

ADAS = CalendarKey("acme", "ada")


def share(stage, who: str, role: str) -> None:
    from local.twin.graph.permissions import grant

    calendar = stage.twin.world.mailboxes[stage.ada.id].default_calendar
    grant(stage.twin, calendar, who, role)


class Case:
    """Ada's calendar is connected; the clock is the test's."""

    def __init__(self, stage) -> None:
        self.stage = stage
        self.now = NOW
        self.store = MemoryStore()
        self.rights = Rights(self.store, stage.graph, lambda: self.now)

    async def connect(self, key: CalendarKey, person, **more) -> None:
        await self.store.put_calendar(
            Calendar(
                key,
                "c1",
                person.id,
                person.mail,
                State.ACTIVE,
                NOW,
                aliases=tuple(person.aliases),
                **more,
            )
        )

    async def problem(self, actor: str, mailbox: str = "ada@contoso.example") -> str:
        """The code, "" where the actor may."""
        try:
            await self.rights.check("acme", mailbox, actor)
        except Refused as refused:
            return refused.problem.code if refused.problem.pointer == "/acting_user" else "?"
        return ""


@pytest.fixture
async def case(stage) -> Case:
    made = Case(stage)
    await made.store.put_connection(CONNECTION)
    await made.connect(ADAS, stage.ada)
    return made


async def test_the_owners_list(stage):
    """What colleagues may, and who was given more."""
    share(stage, "b@contoso.example", "delegateWithPrivateEventAccess")

    assert await stage.mailbox.permissions() == [
        Permission("", "freeBusyRead"),
        Permission("ben@contoso.example", "delegateWithPrivateEventAccess"),
    ]


async def test_of_a_calendar_that_is_named(stage):
    calendar = stage.twin.world.mailboxes[stage.ada.id].default_calendar

    found = await stage.mailbox_of(stage.ada.id, calendar.id).permissions()

    assert found == [Permission("", "freeBusyRead")]


@pytest.mark.parametrize(
    ("role", "problem"),
    [
        ("none", "calendar-right-missing"),
        ("freeBusyRead", "calendar-right-missing"),
        ("limitedRead", "calendar-right-missing"),
        ("read", "calendar-right-missing"),
        ("write", ""),
        ("delegateWithoutPrivateEventAccess", ""),
        ("delegateWithPrivateEventAccess", ""),
    ],
)
async def test_the_role_decides(case, role, problem):
    share(case.stage, "ben@contoso.example", role)

    assert await case.problem("ben@contoso.example") == problem


@pytest.mark.parametrize("name", ["Ben@Contoso.example", "b@contoso.example", "id"])
async def test_any_name_of_the_acting_user_will_do(case, name):
    """Address, alias or object id, connected or not. Users are not found by an alias in Graph."""
    share(case.stage, "ben@contoso.example", "write")
    if name == "b@contoso.example":
        await case.connect(CalendarKey("acme", "ben"), case.stage.ben)

    assert await case.problem(case.stage.ben.id if name == "id" else name) == ""


async def test_the_own_calendar_asks_nobody(case):
    """Under any of the owner's names."""
    assert await case.problem("A@contoso.example") == ""
    assert await case.problem(case.stage.ada.id) == ""
    assert case.stage.asked() == []


async def test_what_all_colleagues_may(case):
    """Counts for those of the organisation."""
    calendar = case.stage.twin.world.mailboxes[case.stage.ada.id].default_calendar
    calendar.permissions[0]["role"] = "write"

    assert await case.problem("ben@contoso.example") == ""
    assert await case.problem("who@else.example") == "acting-user-without-mailbox"


@pytest.mark.parametrize(
    "change", [{"licensed": False}, {"mailbox": "onprem"}, {"mailbox": "none"}]
)
async def test_who_has_no_mailbox_may_not_assign_to_others(case, change):
    """C4: whatever the calendar's permissions say; and connected or not."""
    share(case.stage, "ben@contoso.example", "write")
    for name, value in change.items():
        setattr(case.stage.ben, name, value)

    assert await case.problem("ben@contoso.example") == "acting-user-without-mailbox"
    await case.connect(CalendarKey("acme", "ben"), case.stage.ben, cause="mailbox-missing")
    assert await case.problem("ben@contoso.example") == "acting-user-without-mailbox"


async def test_a_right_is_trusted_for_a_minute_and_a_missing_one_never(case):
    """Who was refused and gets the right may act at once."""
    assert await case.problem("ben@contoso.example") == "calendar-right-missing"
    share(case.stage, "ben@contoso.example", "write")
    assert await case.problem("ben@contoso.example") == ""

    share(case.stage, "ben@contoso.example", "read")
    case.now += timedelta(seconds=59)
    assert await case.problem("ben@contoso.example") == ""
    case.now += timedelta(seconds=1)
    assert await case.problem("ben@contoso.example") == "calendar-right-missing"


async def test_it_says_whose_right_is_missing_and_how_to_give_it(case):
    with pytest.raises(Refused) as refused:
        await case.rights.check("acme", "ada@contoso.example", "ben@contoso.example")

    detail = refused.value.problem.detail
    assert detail.startswith("ben@contoso.example has no permission")
    assert (
        "Add-MailboxFolderPermission -Identity 'ada@contoso.example:\\Calendar' "
        "-User 'ben@contoso.example' -AccessRights Editor" in detail
    )


async def test_nobody_named_is_no_right(case):
    assert await case.problem("") == "acting-user-missing"


async def test_a_graph_that_does_not_answer_is_never_a_yes(case):
    share(case.stage, "ben@contoso.example", "write")
    for path in ("/calendarPermissions", "/users/ben"):
        case.stage.fault(match={"path": path}, status=429, retry_after=7)
        with pytest.raises(Throttled):
            await case.problem("ben@contoso.example")
    case.stage.fault(times=None, match={"path": "/calendarPermissions"}, status=403)
    with pytest.raises(Reconnect, match="access-denied"):
        await case.problem("ben@contoso.example")


async def test_a_grant_that_does_not_reach_the_acting_user(case):
    """One user's grant: the address is what counts then, and an address of nobody's has none."""
    case.stage.fault(times=None, match={"path": "/users/ben@contoso.example$"}, status=403)
    assert await case.problem("ben@contoso.example") == "calendar-right-missing"
    share(case.stage, "ben@contoso.example", "write")
    assert await case.problem("ben@contoso.example") == ""


async def test_a_mailbox_that_the_application_is_kept_from(case):
    """It is there, so the right alone decides."""
    case.stage.ben.apps_blocked = True
    assert await case.problem("ben@contoso.example") == "calendar-right-missing"
    share(case.stage, "ben@contoso.example", "write")
    assert await case.problem("ben@contoso.example") == ""


async def test_a_mailbox_that_is_not_connected_is_not_judged_here(case):
    assert await case.problem("ben@contoso.example", "carol@contoso.example") == ""
