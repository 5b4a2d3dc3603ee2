import asyncio
from typing import Any

from tests.twin.stage import Stage, meeting

EVENTS = "/users/ada@contoso.test/events"


def _part(part_id: str, url: str = EVENTS, method: str = "GET", **more: Any) -> dict[str, Any]:
    return {"id": part_id, "method": method, "url": url, **more}


async def _batch(stage: Stage, *parts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = await stage.request("POST", "/$batch", {"requests": list(parts)})
    assert answer.status_code == 200, answer.text
    return {part["id"]: part for part in answer.json()["responses"]}


async def test_a_batch_answers_each_part_by_its_id(stage: Stage) -> None:
    json = {"Content-Type": "application/json"}

    found = await _batch(
        stage,
        _part("new", method="POST", headers=json, body=meeting("Batched")),
        _part("lost", "/users/ada@contoso.test/events/none"),
    )

    assert found["new"]["status"] == 201
    assert found["new"]["body"]["subject"] == "Batched"
    assert found["lost"]["status"] == 404
    assert found["lost"]["body"]["error"]["code"] == "ErrorItemNotFound"


async def test_a_part_whose_dependency_failed_is_424(stage: Stage) -> None:
    found = await _batch(
        stage,
        _part("a", f"{EVENTS}/none"),
        _part("b", dependsOn=["a"]),
        _part("c", dependsOn=["b"]),
    )

    assert [found[part]["status"] for part in "abc"] == [404, 424, 424]


async def test_twenty_parts_with_different_ids_are_the_limit(stage: Stage) -> None:
    too_many = {"requests": [_part(str(n)) for n in range(21)]}
    same = {"requests": [_part("x"), _part("x")]}

    assert (await stage.refused("POST", "/$batch", too_many))[0] == 400
    assert (await stage.refused("POST", "/$batch", same))[0] == 400


async def test_a_full_batch_stays_inside_the_concurrency_limit(stage: Stage) -> None:
    stage.switches.latency_ms = 5

    found = await _batch(stage, *(_part(str(n)) for n in range(20)))

    assert {part["status"] for part in found.values()} == {200}


async def test_a_fifth_request_at_once_is_throttled(stage: Stage) -> None:
    stage.switches.latency_ms = 30

    answers = await asyncio.gather(*(stage.request("GET", EVENTS) for _ in range(5)))
    other = await asyncio.gather(
        *(stage.request("GET", EVENTS) for _ in range(4)),
        stage.request("GET", "/users/bob@contoso.test/events"),
    )

    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 4
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "ApplicationThrottled"
    assert refused.headers["retry-after"] == "1"
    assert {answer.status_code for answer in other} == {200}


async def test_requests_over_the_ten_minute_limit_wait_for_it_to_pass(stage: Stage) -> None:
    stage.clock.freeze()
    stage.switches.mailbox_request_limit = 2
    await stage.get(EVENTS)
    await stage.get(EVENTS)

    answer = await stage.request("GET", EVENTS)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "600"

    stage.clock.advance(601)
    await stage.get(EVENTS)


async def test_the_concurrency_limit_can_answer_503(stage: Stage) -> None:
    stage.switches.latency_ms = 30
    stage.switches.concurrency_status = 503

    answers = await asyncio.gather(*(stage.request("GET", EVENTS) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 503]
