"""What the design promises of its worst days: a killed app, and notifications that never come."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from tests.journeys.scene import Customer, at, eventually, opened
from tests.stack import running

pytestmark = pytest.mark.slow

APPOINTMENTS = 20
EDITS = 4
CREATED = 20
BURST = 2 * APPOINTMENTS * EDITS + 2 * CREATED
PEOPLE = ("megan", "diego")
AT_ONCE = 8
CONVERGED_WITHIN = 90
ACCEPTED = {200, 201, 202}


@pytest.fixture(scope="module")
def mortal(emulator, tmp_path_factory):
    """A stack of these tests' own, as they kill its app."""
    with running(emulator, tmp_path_factory.mktemp("mortal")) as made:
        yield made


@dataclass
class Burst:
    """Edits over both sides: the app renames, people move the place, both make new ones.

    Each side's edits of one appointment come one after the other, all else at once, and each
    side keeps to its field: so both sides' last words are known and must stand.
    """

    customer: Customer
    ids: dict[str, str]
    kill_at: int
    done: int = 0
    kill: asyncio.Event = field(default_factory=asyncio.Event)
    lane: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def run(self):
        await asyncio.gather(
            *(self._renames(name) for name in names()),
            *(self._moves(name) for name in names()),
            *(self._puts(f"new{n}", PEOPLE[n % 2]) for n in range(CREATED)),
            *(self._books(f"booked{n}", PEOPLE[n % 2]) for n in range(CREATED)),
        )

    async def _renames(self, name):
        for n in range(1, EDITS + 1):
            body = {"subject": f"{name} renamed {n}"}
            await self._accepted("PATCH", f"/appointments/{name}", body)

    async def _moves(self, name):
        for n in range(1, EDITS + 1):
            place = {"displayName": f"Place {n} of {name}"}
            path = f"/{self.ids[name]}"
            async with self.lane:
                await self.customer.outlook("PATCH", owner(name), path, json={"location": place})
            self._one_more()

    async def _puts(self, name, who):
        body = {"subject": name, "start": at(12), "end": at(13)}
        body["mailbox"] = self.customer.address(who)
        await self._accepted("PUT", f"/appointments/{name}", body)

    async def _books(self, name, who):
        async with self.lane:
            await self.customer.books(who, name)
        self._one_more()

    async def _accepted(self, method, path, body):
        """As a host app does: again until it is taken."""

        async def taken():
            async with self.lane:
                try:
                    answer = await self.customer.api(method, path, json=body)
                except httpx.TransportError:
                    return False
            return answer.status_code in ACCEPTED

        await eventually(taken, f"{method} {path} accepted", 60)
        self._one_more()

    def _one_more(self):
        self.done += 1
        if self.done == self.kill_at:
            self.kill.set()


def names():
    return [f"plan{n}" for n in range(APPOINTMENTS)]


def owner(name):
    return PEOPLE[int(name.removeprefix("plan")) % 2]


def has_guest(name):
    return int(name.removeprefix("plan")) % 4 == 0


async def prepared(scene):
    """A customer with appointments in Outlook, some of them with a guest from elsewhere."""
    customer = await scene.connect(*PEOPLE)
    guest = [{"address": "ann@partner.example", "name": "Ann"}]
    await asyncio.gather(
        *(
            customer.put(name, owner(name), attendees=guest if has_guest(name) else [])
            for name in names()
        )
    )
    await customer.idle()
    shown = [event for who in PEOPLE for event in await customer.events(who)]
    ids = {event["subject"]: event["id"] for event in shown}
    assert set(ids) == set(names())
    return customer, ids


def expected():
    """(subject, place) of all that must be there in the end, each once."""
    renamed = [(f"{name} renamed {EDITS}", f"Place {EDITS} of {name}") for name in names()]
    new = [(f"new{n}", "") for n in range(CREATED)]
    return Counter(renamed + new + [(f"booked{n}", "") for n in range(CREATED)])


async def in_outlook(customer):
    events = [event for who in PEOPLE for event in await customer.events(who)]
    return Counter((event["subject"], event["location"]["displayName"]) for event in events)


async def in_the_app(customer):
    return Counter((one["subject"], one["location"]) for one in await customer.appointments())


async def both_agree(customer):
    """Waits for it, while the timers run by hand and the due index's minutes pass at once."""
    scene = customer.scene

    async def agreed():
        await scene.let_time_pass(customer)
        await scene.run("catch_up")
        await scene.run("sweep")
        wanted = expected()
        return await in_outlook(customer) == wanted == await in_the_app(customer)

    try:
        await eventually(agreed, "both sides agree", CONVERGED_WITHIN)
    except AssertionError:
        assert await in_outlook(customer) == expected()
        assert await in_the_app(customer) == expected()
    await customer.idle()


@pytest.mark.parametrize(
    "kill_at",
    [
        pytest.param(BURST // 8, marks=pytest.mark.long),
        BURST // 2,
        pytest.param(BURST * 7 // 8, marks=pytest.mark.long),
    ],
)
async def test_an_app_killed_in_a_burst_loses_and_doubles_nothing(mortal, kill_at):
    """200 edits over both sides, the app killed in the middle and started again: both sides end
    equal, each last edit stands, nothing is there twice, the log has no gap and was delivered
    whole, the app is told nothing of its own, and no mail went out that no edit caused.
    """
    async with opened(mortal) as scene:
        customer, ids = await prepared(scene)
        async with customer.host_app() as app:
            invited = len(await customer.mails())
            burst = Burst(customer, ids, kill_at)
            running_burst = asyncio.create_task(burst.run())
            await burst.kill.wait()
            mortal.kill_app()
            await asyncio.to_thread(mortal.start_app)
            await running_burst
            await both_agree(customer)
            log = await customer.changes()
            await all_delivered(scene, customer, app, log)
        causes = Counter(mail["cause"].split()[0] for mail in (await customer.mails())[invited:])

    guests = sum(has_guest(name) for name in names())
    assert burst.done == BURST == 200
    assert told_as_new(app) == {f"booked{n}" for n in range(CREATED)}
    assert not [event for event in app.events if "subject" in event["data"].get("fields", ())]
    assert causes["person"] <= guests * EDITS
    assert causes["app"] <= guests * EDITS
    assert set(causes) <= {"person", "app"}


def told_as_new(app):
    return {
        event["data"]["appointment"]["subject"]
        for event in app.events
        if event["type"].endswith("appointment.created")
    }


async def all_delivered(scene, customer, app, log):
    """Every number from the endpoint's first on; a killed delivery may come twice."""

    async def whole():
        await scene.let_time_pass(customer)
        await scene.run("sweep")
        heard = sorted({int(event["sequence"]) for event in app.events})
        return heard and heard == list(range(heard[0], len(log) + 1))

    await eventually(whole, "the whole log delivered")


async def test_without_any_notification_catching_up_brings_both_sides_together(scene):
    """Graph's every notification is lost; the timer's pass alone finds what people did, and
    tells each of it once.
    """
    customer = await scene.connect(*PEOPLE)
    for who in PEOPLE:
        await customer.lose_notifications(who)
        await customer.settled(f"kept-{who}", who)
        await customer.settled(f"gone-{who}", who)
        await customer.edits(who, f"kept-{who}", subject=f"edited {who}")
        await customer.deletes(who, f"gone-{who}")
        await customer.books(who, f"booked {who}")
    before = await customer.appointments()
    await scene.let_time_pass(customer)
    await scene.run("catch_up")
    wanted = {f"{what} {who}" for what in ("edited", "booked") for who in PEOPLE}

    async def together():
        return {one["subject"] for one in await customer.appointments()} == wanted

    await eventually(together, "the app has what Outlook has")
    told = Counter(c["type"].rpartition("appointment.")[2] for c in await customer.changes())
    assert {one["subject"] for one in before}.isdisjoint(wanted)
    assert (told["updated"], told["deleted"], told["created"]) == (2, 2, 2)
