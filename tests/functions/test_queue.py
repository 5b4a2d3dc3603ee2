import pytest

from functions._queue import LONGEST, spread, worked
from shared.errors import Contended, Reconnect, Throttled
from shared.observe import Unexpected


async def raising(error):
    raise error


async def done():
    pass


async def test_what_is_done_leaves_no_message(stage):
    """Work that ends well sends nothing."""
    await worked("sync-calendar", "acme~ada", done())

    assert stage.queues.sent == []


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [
        (Throttled(120), 120, 132),
        (Throttled(0), 0, 1),
        (Contended(-3), 0, 1),
        (Throttled(86_400), LONGEST, LONGEST),
    ],
)
async def test_work_for_later_becomes_a_new_message(stage, error, least, most):
    """TryAgain becomes the same message, invisible for as long as was asked, 600 s at most."""
    await worked("sync-calendar", "acme~ada", raising(error))

    ((queue, message, after),) = stage.queues.sent
    assert (queue, message) == ("sync-calendar", "acme~ada")
    assert least <= after <= most


@pytest.mark.parametrize(
    ("error", "seen"),
    [(RuntimeError("a bug"), "RuntimeError"), (Reconnect("access-denied"), "access-denied")],
)
async def test_anything_else_escapes_to_the_host(stage, error, seen):
    """The host repeats what it does not know, then moves it to the poison queue. A bug is known
    by its type alone.
    """
    with pytest.raises((Unexpected, Reconnect), match=f"^{seen}$"):
        await worked("sync-calendar", "acme~ada", raising(error))

    assert stage.queues.sent == []


def test_pauses_are_spread():
    """Two pauses of the same length are not the same, so a crowd does not return as one."""
    assert len({spread(300) for _ in range(20)}) > 1
