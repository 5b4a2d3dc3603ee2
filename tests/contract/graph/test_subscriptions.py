"""Subscriptions, profile and calendar, as the twin plays Graph."""

from datetime import timedelta

import pytest

from shared.errors import Contended, Reconnect, Rejected
from tests.contract.graph.conftest import CONNECTION, LIFECYCLE, NOTIFIED


def in_days(stage, days: float):
    return (stage.twin.clock.now() + timedelta(days=days)).replace(microsecond=0)


async def subscribed(stage, days: float = 3):
    return await stage.mailbox.subscribe(NOTIFIED, LIFECYCLE, "secret", in_days(stage, days))


class TestSubscription:
    async def test_life(self, stage):
        """It is made after a handshake, renewed, listed and ended; ended, it is gone."""
        made = await subscribed(stage)
        later = in_days(stage, 5)

        renewed = await stage.mailbox.renew(made.id, later)
        listed = await stage.mailbox.subscriptions()
        await stage.mailbox.unsubscribe(made.id)

        assert set(stage.handshakes) == {"/graph/notifications", "/graph/lifecycle"}
        assert (renewed.id, renewed.expires) == (made.id, later)
        assert [(one.id, one.notification_url) for one in listed] == [(made.id, NOTIFIED)]
        assert await stage.mailbox.renew(made.id, later) is None
        assert await stage.mailbox.subscriptions() == []

    async def test_second_of_a_kind(self, stage):
        """A second one for the same calendar meets the first, which the list names."""
        made = await subscribed(stage)

        with pytest.raises(Contended):
            await subscribed(stage)

        assert [one.id for one in await stage.mailbox.subscriptions()] == [made.id]

    async def test_ending_what_is_gone(self, stage):
        """Ending a subscription that is gone is nothing."""
        made = await subscribed(stage)
        await stage.mailbox.unsubscribe(made.id)

        assert await stage.mailbox.unsubscribe(made.id) is None

    async def test_nobody_answers(self, stage):
        """Without a handshake there is no subscription, but polling can go on."""
        stage.fault(
            status=400,
            code="ValidationError",
            match={"method": "POST", "path": "/subscriptions"},
        )

        with pytest.raises(Rejected) as rejected:
            await subscribed(stage)

        assert rejected.value.problem.code == "subscription-refused"

    async def test_of_this_calendar_only(self, stage):
        """The list leaves out other people's calendars."""
        await subscribed(stage)

        assert await stage.mailbox_of(stage.ben.id).subscriptions() == []


class TestProfile:
    @pytest.mark.parametrize("name", ["id", "upn"])
    async def test_found(self, stage, name):
        """A person is found by object id or principal name, with every address."""
        person = await stage.graph.profile(CONNECTION, getattr(stage.ada, name))

        assert (person.user_id, person.address) == (stage.ada.id, "ada@contoso.example")
        assert person.aliases == ("a@contoso.example", "ada@contoso.example")
        assert person == await stage.graph.person(CONNECTION, getattr(stage.ada, name))

    async def test_found_by_any_address(self, stage):
        """An address that is no principal name is looked up among all of the organisation's."""
        person = await stage.graph.person(CONNECTION, "A@contoso.example")

        assert person.user_id == stage.ada.id
        assert person == await stage.graph.profile(CONNECTION, stage.ada.id)

    async def test_nobodys_address(self, stage):
        with pytest.raises(Reconnect) as refused:
            await stage.graph.person(CONNECTION, "nobody@contoso.example")

        assert refused.value.cause == "mailbox-missing"

    async def test_unknown(self, stage):
        """Nobody by that name: somebody must act."""
        with pytest.raises(Reconnect) as refused:
            await stage.graph.profile(CONNECTION, "nobody@contoso.example")

        assert refused.value.cause == "mailbox-missing"


class TestCalendar:
    async def test_default(self, stage):
        """The default calendar can be written to by its owner's app."""
        found = await stage.mailbox.default_calendar()

        assert found.id == stage.twin.world.mailboxes[stage.ada.id].default_calendar.id
        assert found.can_edit

    async def test_gone(self, stage):
        """A named calendar that is gone is a missing mailbox to us."""
        with pytest.raises(Reconnect):
            await stage.mailbox_of(stage.ada.id, "no-such-calendar").default_calendar()
