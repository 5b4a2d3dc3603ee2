import logging
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

import azure.functions as func

from functions._trace import in_host_trace
from shared.custody.expiry import Warned, credential_of, warnings_of
from shared.levels import measure
from shared.observe import content_free, note
from shared.onboarding.rollouts.following import remind
from shared.onboarding.strays import end_strays
from shared.onboarding.watching import watch_links
from shared.services import services
from shared.sync import timers as passes
from shared.telemetry import span

timers = func.Blueprint()


@timers.timer_trigger("timer", "15 * * * * *")
@in_host_trace
async def renew_subscriptions(timer: func.TimerRequest) -> None:
    with _tick(timer, "renew_subscriptions"):
        now = services().clock()
        await passes.renew_subscriptions(services().engine, now)
        await _look_ahead(now)


@timers.timer_trigger("timer", "0 * * * * *")
@in_host_trace
async def catch_up(timer: func.TimerRequest) -> None:
    with _tick(timer, "catch_up"):
        await passes.catch_up(services().engine, services().clock())


@timers.timer_trigger("timer", "30 * * * * *")
@in_host_trace
async def sweep(timer: func.TimerRequest) -> None:
    with _tick(timer, "sweep"):
        await passes.sweep(services().engine, services().clock())
        await watch_links(services(), services().clock())
        await end_strays(services(), services().clock())
        await remind(services())
        await measure(services(), services().clock())


async def _look_ahead(now: datetime) -> None:
    """Once an hour: what runs out soon, for whoever has an alert on it."""
    if now.minute == 0:
        found = warnings_of(await credential_of(services().settings), now)
        for one in (one for one in found if one.ends):
            note("credential.expiring", level=logging.WARNING, code=one.code, due=_day(one))


def _day(warned: Warned) -> str | None:
    return warned.ends.date().isoformat() if warned.ends else None


@contextmanager
def _tick(timer: func.TimerRequest, function: str) -> Generator[None]:
    if timer.past_due:
        note("timer.late", function=function)
    with content_free(), span(function, function=function):
        yield
