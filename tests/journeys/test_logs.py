"""What the processes tell of themselves while they work on content that nothing else is called."""

from bench.trace import shown, spans_of, traces_of
from tests.journeys.scene import graph_at
from tests.leaks import leaks
from tests.stack import KEY

OURS, THEIRS, BOOKED = "Kumquat appraisal", "Rutabaga appraisal", "Salsify dentistry"
GUEST, ROOM, BODY = "Xenophon Quetzal", "Zeppelin hangar", "Bring the wombat"
WORDS = tuple(word for text in (OURS, THEIRS, BOOKED, GUEST, ROOM, BODY) for word in text.split())
COMMON = {"appraisal", "Bring", "the"}


async def test_no_process_logs_content(scene):
    """A connection, an appointment both ways, a refusal, a broken delivery, and bad requests:
    neither subjects, names, places, addresses nor secrets are in what the functions logged.
    """
    customer = await scene.connect("megan")
    guests = [{"address": "xenophon@quetzal.example", "name": GUEST}]
    async with customer.host_app() as app:
        await customer.settled(
            "visit",
            "megan",
            subject=OURS,
            location=ROOM,
            attendees=guests,
            body={"content": BODY, "kind": "text"},
        )
        await customer.edits("megan", OURS, subject=THEIRS, end=graph_at(11))
        await customer.books("megan", BOOKED)
        await app.hears("visit", "appointment.updated")
        await app.hears_of(BOOKED)
        secret = app.secret
    await customer.fault(
        {"status": 400, "code": "ErrorInvalidRequest"}, "/events$", "POST", times=1
    )
    await customer.put("wrong", "megan", wait=5, subject=OURS, show_as=BOOKED)
    await customer.put("refused", "megan", wait=5, subject=OURS, location=ROOM)
    await customer.api("POST", "/calendars", json={"mailbox": "xenophon@quetzal.example"})
    await scene.api.get(f"/tenants/{customer.name}", headers={"X-Api-Key": "wombat-key"})
    await customer.idle()

    assert '"event": "round"' in scene.stack.log("host")
    assert leaks(scene.stack.log("host"), _secrets(scene.stack.values, secret)) == []
    assert leaks(scene.stack.traces, _secrets(scene.stack.values, secret)) == []
    assert leaks(scene.stack.measures, _secrets(scene.stack.values, secret)) == []
    assert leaks(scene.stack.log("vault"), _secrets(scene.stack.values, secret)) == []


async def test_one_trace_leads_through_all_functions(scene):
    """From the request that puts an appointment, and from the notification of an edit, to the
    delivery of what became of it, though the queues carry keys alone. Each run of a function that
    did a part of it is linked to.
    """
    customer = await scene.connect("megan")
    async with customer.host_app() as app:
        await customer.settled("visit", "megan")
        await app.hears("visit", "operation.applied")
        await customer.edits("megan", "visit", subject="Visit (moved)")
        await app.hears("visit", "appointment.updated")
        await customer.idle()
    (put,) = _traces(scene, "accept", customer.name)
    told = [
        names
        for mark in _traces(scene, "mark", customer.name)
        if "delivery" in (names := [one["span"] for one in mark])
    ]

    assert [one["span"] for one in put if one["span"] in {"api", "push", "delivery"}] == [
        "api",
        "push",
        "delivery",
    ]
    assert any(one.get("method") == "POST" and one["span"] == "graph" for one in put)
    assert any({"graph_notifications", "mark", "round", "settle"} <= set(names) for names in told)
    text = shown(put[0]["trace"], traces_of(spans_of(scene.stack.traces)))
    assert "push (in " in text
    assert "confirmed (in deliver-changes)" in text


def _traces(scene, name, tenant):
    """Whole traces with such a span of the tenant's, each in the order of its beginnings."""
    spans = spans_of(scene.stack.traces)
    found = {s["trace"] for s in spans if s["span"] == name and s.get("tenant") == tenant}
    return [
        sorted((s for s in spans if s["trace"] == one), key=lambda s: s["start"]) for one in found
    ]


def _secrets(values, signing):
    kept = (value for name, value in values.items() if name.endswith(("_SECRET", "_SIGNING_KEY")))
    return [word for word in WORDS if word not in COMMON] + [KEY, signing, "wombat-key", *kept]
