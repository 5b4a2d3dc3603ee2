import azure.functions as func

from shared.observe import note
from shared.onboarding.rollouts.following import remind
from shared.onboarding.watching import watch_links
from shared.services import services
from shared.sync import timers as passes

timers = func.Blueprint()


@timers.timer_trigger("timer", "0 */10 * * * *")
async def renew_subscriptions(timer: func.TimerRequest) -> None:
    _tell_if_late(timer, "renew_subscriptions")
    await passes.renew_subscriptions(services().engine, services().clock())


@timers.timer_trigger("timer", "0 * * * * *")
async def catch_up(timer: func.TimerRequest) -> None:
    _tell_if_late(timer, "catch_up")
    await passes.catch_up(services().engine, services().clock())


@timers.timer_trigger("timer", "30 * * * * *")
async def sweep(timer: func.TimerRequest) -> None:
    _tell_if_late(timer, "sweep")
    await passes.sweep(services().engine, services().clock())
    await watch_links(services(), services().clock())
    await remind(services())


def _tell_if_late(timer: func.TimerRequest, function: str) -> None:
    if timer.past_due:
        note("timer.late", function=function)
