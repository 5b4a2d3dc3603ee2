"""Any series becomes any other, whatever Exchange's manners are."""

import asyncio
from dataclasses import replace

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from local.twin.app import Twin, create_app
from shared.calendar.digest import differing
from shared.calendar.event import Event
from shared.calendar.series import normal
from shared.graph.client import Graph
from shared.graph.series_writes import outcomes, steps
from tests.contract.graph.conftest import TENANT, Stage, TwinTokens
from tests.contract.graph.conftest import settings as product
from tests.unit.graph.series import masters, series, singles

EXAMPLES = settings().max_examples // 2
"""Each takes a twin of its own."""
MOST = 40

MANNERS = st.fixed_dictionaries(
    {
        "reissued_exceptions": st.sampled_from(("dropped", "kept")),
        "reissued_cancelled": st.sampled_from(("dropped", "kept")),
        "exceptions_follow_master": st.booleans(),
        "exception_bumps_master": st.booleans(),
        "same_recurrence_reissues": st.booleans(),
        "cancelled_day_zone": st.just("series"),
    }
)


@settings(max_examples=EXAMPLES)
@given(masters() | singles(), series() | singles(), series(), MANNERS)
def test_a_plan_ends_at_the_wanted_and_leaves_only_what_was_foreseen(first, then, last, manners):
    """From what was created to one series and on to another."""
    asyncio.run(_becomes(first, (then, last), manners))


async def _becomes(first: Event, wanted: tuple[Event, ...], manners: dict) -> None:
    twin = Twin()
    twin.switches.patch(manners)
    stage = _stage(twin)
    created = await stage.mailbox.create(first, "order-1")
    for event in wanted:
        await _write(stage, created.event_id, event)
    await stage.graph.close()
    await twin.close()


def _stage(twin: Twin) -> Stage:
    twin.world.create_tenant(TENANT, "contoso.example", "Contoso")
    ada, ben = (
        twin.world.create_person(TENANT, f"{name}@contoso.example", name.title())
        for name in ("ada", "ben")
    )
    tokens = TwinTokens(twin)
    graph = Graph(product(), tokens, httpx.ASGITransport(create_app(twin)))
    return Stage(twin, tokens, graph, ada, ben, [])


async def _write(stage: Stage, event_id: str, wanted: Event) -> None:
    shown = await stage.mailbox.event(event_id, series=True)
    taken, tried, exceptions = 0, frozenset(), frozenset()
    while plan := steps(shown.event, wanted, shown.body_html, tried):
        exceptions |= {day for day, _, _ in shown.instances}
        may_be = outcomes(shown.event, plan[0], tuple(sorted(exceptions)))
        tried |= set(getattr(plan[0], "restores", ()))
        assert await stage.mailbox.write_step(event_id, shown, plan[0], shown.etag)
        shown = await stage.mailbox.event(event_id, series=True)
        assert [one for one in may_be if differing(one, shown.event) == ()], (plan[0], shown.event)
        taken += 1
        assert taken < MOST
    assert differing(shown.event, normal(replace(wanted))) == ()
