"""A sign-in whose process dies, at each of its effects."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.custody.grant import secret_name
from shared.custody.grants import Granted
from shared.errors import Refused, Unavailable
from shared.onboarding.callback import take
from shared.onboarding.erasing import LATE
from shared.onboarding.links import Wanted, create_link
from shared.onboarding.strays import end_strays
from shared.services import Services, assemble
from shared.store.records import Connection, ConnectionKind, DueKind, State, Tenant
from tests.machine.stage import ENTRA, SETTINGS, TENANT, Crash, Fuse, Stage
from tests.unit.api.stage import MemoryVault, NoGraph

USER, ACCOUNT, ORGANISATION = (
    ConnectionKind.USER,
    ConnectionKind.SERVICE_ACCOUNT,
    ConnectionKind.ORGANISATION,
)
NAMES = {USER: "user", ACCOUNT: "service"}
# What there was of the connection before.
NOTHING = None
SIGN_INS = [
    (USER, NOTHING),
    (USER, State.DISCONNECTED),
    (ORGANISATION, NOTHING),
    *(
        pytest.param(kind, before, marks=pytest.mark.long)
        for kind, before in [
            (USER, State.ACTION_REQUIRED),
            (USER, State.DISCONNECTING),
            (ACCOUNT, NOTHING),
            (ACCOUNT, State.DISCONNECTED),
        ]
    ),
]
SOON = timedelta(minutes=1)
BY_THEN = LATE + 2 * SOON
OVER = "the sign-in came to its end"


class Fragile(MemoryVault):
    """A vault to which each write is an effect of the process."""

    fuse: Fuse
    away = False

    async def write(self, name, value):
        self.fuse.before()
        await super().write(name, value)
        self.fuse.afterwards()

    async def destroy(self, name):
        if self.away:
            raise Unavailable(1, "the vault does not answer")
        self.fuse.before()
        await super().destroy(name)
        self.fuse.afterwards()


class Office(Stage):
    roles = frozenset({"Calendars.ReadWrite", "User.Read.All"})

    def __init__(self, kind: ConnectionKind) -> None:
        self.vault = Fragile()
        super().__init__()
        user = self.people["anna"].id
        self.granted = Granted(
            kind, TENANT, "", ENTRA, "" if kind is ORGANISATION else user, "a@x.test", "A", "{}"
        )
        self.connection = Connection(
            f"{NAMES.get(kind)}-{user}", TENANT, kind, State.ACTIVE, self.now, ENTRA, user_id=user
        )

    def start_process(self) -> None:
        super().start_process()
        self.vault.fuse = self.fuse
        made = assemble(
            SETTINGS, self.store, self.queues, self.vault, clock=lambda: self.now,
            graph_transport=NoGraph(),
        )  # fmt: skip
        self.services: Services = replace(
            made, graph=self.engine.graph, wake=self.wake, engine=self.engine
        )

    async def open(self, before: State | None) -> None:
        """Whoever ends a connection has destroyed its secret, and is about to say so."""
        await self.memory.put_tenant(Tenant(TENANT, "Contoso", State.NOT_CONNECTED, self.now))
        if before is not None:
            await self.memory.put_connection(replace(self.connection, state=before))
        if before is State.ACTION_REQUIRED:
            self.vault.secrets[secret_name(self.connection)] = "the old one"
        link = await create_link(self.services, await self.tenant(), Wanted(self.granted.kind))
        self.granted = replace(self.granted, link=link.id)

    async def sign_in(self, left: int | None = None, *, after: bool = False) -> str:
        """OVER, or "" where its process died behind so many effects."""
        self.fuse.left, self.fuse.after = left, after
        try:
            await take(self.services, self.granted)
        except Crash:
            self.start_process()
            return ""
        self.fuse.left = None
        return OVER

    async def state(self) -> State | None:
        found = await self.memory.connection(TENANT, self.connection.id)
        return found and found.state

    async def look(self) -> None:
        await end_strays(self.services, self.now)

    async def rest(self) -> None:
        """All that waits for its time, and the end that had begun."""
        for _ in range(2):
            self.now += BY_THEN
            await self.look()
            found = await self.memory.connection(TENANT, self.connection.id)
            if found is not None and found.state is State.DISCONNECTING:
                await self.memory.put_connection(replace(found, state=State.DISCONNECTED))

    async def check(self) -> None:
        """Each secret is of a connection that lives, and each of these has its own."""
        lives = await self.state() in {State.ACTIVE, State.ACTION_REQUIRED}
        wanted = {secret_name(self.connection)} if lives else set()
        assert set(self.vault.secrets) == wanted
        assert await self.memory.due(DueKind.GRANT, self.now + timedelta(days=1)) == []


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(("kind", "before"), SIGN_INS)
async def test_no_secret_stays_that_no_connection_refers_to(kind, before, again):
    """Whatever there was before; whether it dies before an effect and the person gives up, or
    behind it and they try again.
    """
    for effect in range(100):
        office = Office(kind)
        await office.open(before)
        over = await office.sign_in(effect, after=again)
        if again:
            with suppress(Refused):
                await office.sign_in()
            assert kind is ORGANISATION or await office.state() is State.ACTIVE
        await office.rest()
        await office.check()
        if over:
            return
    raise AssertionError("a sign-in has no end")


async def cut_off_with_its_secret_written(office: Office) -> None:
    written = len(office.vault.secrets)
    effect = 0
    while len(office.vault.secrets) == written:
        assert not await office.sign_in(effect, after=True)
        effect += 1


async def test_a_sign_in_under_way_keeps_its_secret():
    """Begun when that of one which was cut off is looked for; it is looked at in its own time."""
    office = Office(USER)
    await office.open(NOTHING)
    await cut_off_with_its_secret_written(office)
    office.now += LATE
    office.vault.secrets.clear()
    await cut_off_with_its_secret_written(office)
    office.now += SOON
    await office.look()
    meanwhile = len(office.vault.secrets)
    office.now += LATE
    await office.look()

    assert (meanwhile, office.vault.secrets) == (1, {})


async def test_a_secret_outlives_no_tenant():
    """Erased before its time had come; what reminds of it names nobody."""
    office = Office(USER)
    await office.open(NOTHING)
    await cut_off_with_its_secret_written(office)
    await office.memory.drop_tenant(await office.tenant())
    reminders = await office.memory.due(DueKind.GRANT, office.now + BY_THEN)
    await office.rest()

    assert len(reminders) > 0
    assert not any(TENANT in one.name or office.connection.id in one.name for one in reminders)
    assert office.vault.secrets == {}


async def test_a_vault_that_is_away_is_asked_again():
    office = Office(USER)
    await office.open(NOTHING)
    await cut_off_with_its_secret_written(office)
    office.now += BY_THEN
    office.vault.away = True
    await office.look()
    kept = len(office.vault.secrets)
    office.vault.away = False
    await office.look()

    assert (kept, office.vault.secrets) == (1, {})
