"""Runs the app in a process of its own through Microsoft's runtime and prints what it saw.

The runtime keeps one app per process, so nothing of this can run inside the tests' process.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from local.host import protos
from local.host.protos import TypedData
from local.host.worker import Call, index, run
from shared.services import provide
from tests.unit.api.stage import KEY, build_stage

ROOT = Path(__file__).parents[2]


def http(
    method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, **query: str
) -> TypedData:
    given = {"x-api-key": KEY, "content-type": "application/json"} | (headers or {})
    return TypedData(
        http=protos.RpcHttp(
            method=method,
            url=f"https://sync.example.org/{path}",
            headers=given,
            body=TypedData(bytes=body) if body else TypedData(),
            query=query,
        )
    )


TIMER = TypedData(json=json.dumps({"Schedule": {}, "ScheduleStatus": None, "IsPastDue": True}))

CALLS: dict[str, dict[str, TypedData]] = {
    "api": {"req": http("GET", "v1/tenants/acme")},
    "graph_notifications": {
        "req": http("POST", "graph/notifications", validationToken="Validation: <1>&2")
    },
    "graph_lifecycle": {"req": http("POST", "graph/lifecycle", b'{"value":[]}')},
    "oauth_start": {"req": http("GET", "oauth/start", link="acme.none")},
    "oauth_help": {"req": http("GET", "oauth/help", link="acme.none", code="50105")},
    "oauth_callback": {"req": http("GET", "oauth/callback", state="x", code="y")},
    "oauth_admin_consent": {"req": http("GET", "oauth/admin-consent", state="x")},
    "sync_calendar": {"message": TypedData(string="acme~nobody")},
    "write_appointment": {"message": TypedData(string="acme~nobody")},
    "connect_mailboxes": {"message": TypedData(string="acme~nothing")},
    "deliver_changes": {"message": TypedData(string="acme~nobody")},
    "end_tenant": {"message": TypedData(string="nobody~none")},
    "renew_subscriptions": {"timer": TIMER},
    "catch_up": {"timer": TIMER},
    "sweep": {"timer": TIMER},
}


async def probe() -> dict[str, Any]:
    functions = await index(ROOT)
    stage = build_stage()
    await stage.with_calendar()
    provide(stage.services)
    return {
        one.name: {
            "bindings": [json.loads(binding) for binding in one.raw_bindings],
            "outcome": await _outcome(one),
        }
        for one in functions
    }


async def _outcome(function: protos.RpcFunctionMetadata) -> dict[str, Any]:
    ended = await run(Call(function.function_id, CALLS[function.name]))
    answer = ended.returned.http if ended.returned else None
    seen: dict[str, Any] = {"succeeded": ended.succeeded, "error": ended.error.message}
    if answer is not None:
        seen |= {
            "status": int(answer.status_code),
            "type": {k.lower(): v for k, v in answer.headers.items()}["content-type"],
            "body": (answer.body.bytes or b"").decode(),
        }
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(probe())))
