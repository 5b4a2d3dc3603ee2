"""A new signing secret, while receivers that have a former one go on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.changes.delivery import deliver
from shared.changes.endpoints import create_endpoint, delete_endpoint
from shared.changes.rotation import MAKING, MOST_FORMER, rotate_secret
from shared.changes.secrets import SigningSecrets
from shared.changes.signing import verified
from shared.errors import Contended, Refused, Unavailable
from shared.store.records import Change, DueKind
from tests.unit.api.stage import NOW
from tests.unit.changes.receiver import always, receiving

PATH = "/v1/tenants/acme/webhook-endpoints"
A_DAY = timedelta(hours=24)


async def told(stage, receiver, endpoint, number):
    """One change, delivered; what the receiver got of it."""
    change = Change(f"change-{number}", "calbridge.appointment.updated", "visit", NOW, {})
    await stage.services.store.log("acme", [change])
    await deliver(stage.services, "acme", endpoint)
    return receiver.got[-1]


def accepted(got, secret):
    return verified(secret, got.headers, got.body)


@pytest.fixture
def now(stage):
    """Standard Webhooks' own library asks the machine's clock."""
    stage.clock.now = datetime.now(UTC)


async def test_both_secrets_verify_until_the_overlap_ends(stage, now):
    """A receiver with the old secret and one with the new accept all until then, and only the
    one with the new afterwards, when the vault has no other either.
    """
    async with receiving(always(204)) as receiver:
        made = await create_endpoint(stage.services, "acme", receiver.url)
        rotated = await rotate_secret(stage.services, "acme", made.endpoint.id, A_DAY)
        during = await told(stage, receiver, made.endpoint.id, 1)
        ended = rotated.endpoint.former[0][1]
        kept = await stage.services.store.endpoint("acme", made.endpoint.id)
        shifted = tuple((name, stage.clock.now) for name, _ in kept.former)
        await stage.services.store.put_endpoint(replace(kept, former=shifted))
        after = await told(stage, receiver, made.endpoint.id, 2)

    assert ended == stage.clock.now + A_DAY
    assert accepted(during, made.secret)
    assert accepted(during, rotated.secret)
    assert not accepted(after, made.secret)
    assert accepted(after, rotated.secret)
    assert list(stage.vault.secrets.values()) == [rotated.secret.reveal()]


async def test_asked_again_no_receiver_is_left_out(stage, now):
    """Whoever has the first secret, or the one of an answer that was lost, accepts deliveries."""
    async with receiving(always(204)) as receiver:
        made = await create_endpoint(stage.services, "acme", receiver.url)
        lost = await rotate_secret(stage.services, "acme", made.endpoint.id, A_DAY)
        again = await rotate_secret(stage.services, "acme", made.endpoint.id, A_DAY)
        got = await told(stage, receiver, made.endpoint.id, 1)

    assert [accepted(got, one.secret) for one in (made, lost, again)] == [True, True, True]


async def test_without_an_overlap_all_former_secrets_end(stage, now):
    """A secret that has become known signs nothing more, nor do those before it."""
    async with receiving(always(204)) as receiver:
        made = await create_endpoint(stage.services, "acme", receiver.url)
        known = await rotate_secret(stage.services, "acme", made.endpoint.id, A_DAY)
        new = await rotate_secret(stage.services, "acme", made.endpoint.id, timedelta())
        got = await told(stage, receiver, made.endpoint.id, 1)

    assert [accepted(got, one.secret) for one in (made, known, new)] == [False, False, True]
    assert list(stage.vault.secrets.values()) == [new.secret.reveal()]


async def test_another_process_that_had_read_the_old_secret_signs_with_both(stage, now):
    """What a process holds of the vault does not hide the new secret."""
    async with receiving(always(204)) as receiver:
        made = await create_endpoint(stage.services, "acme", receiver.url)
        await told(stage, receiver, made.endpoint.id, 1)
        other = replace(stage.services, signing=SigningSecrets(stage.vault))
        rotated = await rotate_secret(other, "acme", made.endpoint.id, A_DAY)
        got = await told(stage, receiver, made.endpoint.id, 2)

    assert accepted(got, made.secret)
    assert accepted(got, rotated.secret)


async def test_a_rotation_during_a_delivery_stops_neither(stage, now):
    """The worker that is delivering keeps its lease, saves its cursor, and what it sends after
    that is signed by both.
    """
    rotated = []

    async def answer(nth):
        if nth == 1:
            rotated.append(await rotate_secret(stage.services, "acme", made.endpoint.id, A_DAY))
        return 204

    changes = [
        Change(f"change-{n}", "calbridge.appointment.updated", "visit", NOW, {})
        for n in range(1, 31)
    ]
    async with receiving(answer) as receiver:
        made = await create_endpoint(stage.services, "acme", receiver.url)
        await stage.services.store.log("acme", changes)
        await deliver(stage.services, "acme", made.endpoint.id)

    kept = await stage.services.store.endpoint("acme", made.endpoint.id)
    assert receiver.sequences == list(range(1, 31))
    assert (kept.cursor, kept.busy_until) == (30, None)
    assert kept.secret == rotated[0].endpoint.secret
    assert accepted(receiver.got[-1], rotated[0].secret)
    assert accepted(receiver.got[-1], made.secret)


class _Cut(Exception):
    """The process ends here."""


class _CutVault:
    """Dies before it writes, or after."""

    def __init__(self, vault, *, wrote):
        self.vault, self.wrote = vault, wrote

    async def write(self, name, value):
        if self.wrote:
            await self.vault.write(name, value)
        raise _Cut

    async def read(self, name):
        return await self.vault.read(name)


@pytest.mark.parametrize("wrote", [False, True])
async def test_a_rotation_that_was_cut_off_leaves_nothing(stage, now, wrote):
    """The old secret is in force all the time; asked again it is rotated; and what the first try
    left in the vault goes with its time.
    """
    cut = SigningSecrets(_CutVault(stage.vault, wrote=wrote))
    async with receiving(always(204)) as receiver:
        made = await create_endpoint(stage.services, "acme", receiver.url)
        with pytest.raises(_Cut):
            await rotate_secret(
                replace(stage.services, signing=cut), "acme", made.endpoint.id, A_DAY
            )
        meanwhile = await told(stage, receiver, made.endpoint.id, 1)
        rotated = await rotate_secret(stage.services, "acme", made.endpoint.id, A_DAY)
        stage.clock.now += MAKING
        reminders = await stage.services.store.due(DueKind.DELIVER, stage.clock.now)
        await deliver(stage.services, "acme", made.endpoint.id)

    assert accepted(meanwhile, made.secret)
    assert {one.name for one in reminders} == {f"acme~{made.endpoint.id}"}
    assert set(stage.vault.secrets.values()) == {
        made.secret.reveal(),
        rotated.secret.reveal(),
    }


async def test_a_rotation_that_took_too_long_is_not_in_force(stage):
    """Its secret may be gone from the vault by then: the old one stays, and it is asked again."""

    class Slow:
        async def write(self, name, value):
            stage.clock.now += MAKING / 2

    made = await create_endpoint(stage.services, "acme", "http://127.0.0.1:9/hook")
    slow = replace(stage.services, signing=SigningSecrets(Slow()))
    with pytest.raises(Contended):
        await rotate_secret(slow, "acme", made.endpoint.id, A_DAY)

    assert (await stage.services.store.endpoint("acme", made.endpoint.id)).secret == ""


async def test_one_former_secret_too_many_is_refused(stage):
    """Signatures do not pile up without end; ending all of them is always possible."""
    made = await create_endpoint(stage.services, "acme", "http://127.0.0.1:9/hook")
    for _ in range(MOST_FORMER):
        await rotate_secret(stage.services, "acme", made.endpoint.id, A_DAY)

    with pytest.raises(Refused) as refused:
        await rotate_secret(stage.services, "acme", made.endpoint.id, A_DAY)
    await rotate_secret(stage.services, "acme", made.endpoint.id, timedelta())

    assert refused.value.problem.code == "secret-rotated-too-often"


async def test_a_deleted_endpoint_takes_all_its_secrets_along(stage, api):
    """Those in force, and those that were being made."""
    made = (await api.post(PATH, json={"url": "http://127.0.0.1:9/hook"})).json()
    await api.post(f"{PATH}/{made['id']}/rotate-secret")
    before = len(stage.vault.secrets)
    await api.delete(f"{PATH}/{made['id']}")

    assert (before, stage.vault.secrets) == (2, {})


async def test_a_deletion_that_was_cut_off_can_be_asked_again(stage):
    """Where the vault does not answer the endpoint stays, with the names of its secrets."""

    class Away:
        async def destroy(self, name):
            raise Unavailable(10, "the vault does not answer")

    made = await create_endpoint(stage.services, "acme", "http://127.0.0.1:9/hook")
    away = replace(stage.services, signing=SigningSecrets(Away()))
    with pytest.raises(Unavailable):
        await delete_endpoint(away, "acme", made.endpoint.id)
    await delete_endpoint(stage.services, "acme", made.endpoint.id)

    assert stage.vault.secrets == {}


async def test_the_new_secret_is_shown_once(stage, api):
    """The answer has it and when the former one ends; no list has it."""
    made = (await api.post(PATH, json={"url": "http://127.0.0.1:9/hook"})).json()
    path = f"{PATH}/{made['id']}/rotate-secret"
    rotated = (await api.post(path, json={"overlap_hours": 2})).json()
    (listed,) = (await api.get(PATH)).json()["endpoints"]

    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    assert datetime.fromisoformat(rotated["former_secrets_until"]) == NOW + timedelta(hours=2)
    assert listed == {name: value for name, value in rotated.items() if name != "secret"}


@pytest.mark.parametrize("hours", [-1, 721, "2"])
async def test_a_senseless_overlap_is_refused(stage, api, hours):
    """The field is named, and nothing is rotated."""
    made = (await api.post(PATH, json={"url": "http://127.0.0.1:9/hook"})).json()
    path = f"{PATH}/{made['id']}/rotate-secret"
    answer = await api.post(path, json={"overlap_hours": hours})

    assert (answer.status_code, answer.json()["pointer"]) == (400, "/overlap_hours")
    assert list(stage.vault.secrets.values()) == [made["secret"]]
