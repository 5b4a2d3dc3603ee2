"""What an operator may ask the host: its state, its functions, and to run one by hand."""

import asyncio
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from local.host.catalog import Function
from local.host.invoker import Invoker
from local.host.protos import TypedData
from local.host.routes import Route
from local.host.timers import payload

REASON = "This function was programmatically called via the host APIs."


class Admin:
    def __init__(
        self, host_id: str, functions: dict[str, Function], routes: list[Route], invoker: Invoker
    ) -> None:
        self._host_id, self._functions, self._invoker = host_id, functions, invoker
        self._routes = {route.function: route.template.text for route in routes}
        self._started = time.monotonic()
        self._runs: set[asyncio.Task[Any]] = set()
        self.state = "Running"

    def status(self) -> dict[str, Any]:
        return {
            "id": self._host_id,
            "state": self.state,
            "version": "local",
            "processUptime": int((time.monotonic() - self._started) * 1000),
            "running": self._invoker.running,
        }

    def list(self, base_url: str) -> list[dict[str, Any]]:
        return [self._entry(each, base_url) for each in self._functions.values()]

    def _entry(self, function: Function, base_url: str) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "name": function.name,
            "trigger": function.kind,
            "isDisabled": function.disabled,
            "config": {
                "bindings": [dict(function.trigger), *map(dict, function.outputs.values())]
            },
        }
        if (route := self._routes.get(function.name)) is not None:
            entry["invoke_url_template"] = base_url + route.lstrip("/")
        return entry

    async def run(self, name: str, text: str, *, wait: bool) -> Response:
        """202 at once; or, with `wait`, 200 or 500 with the outcome. Nothing is retried."""
        function = _named(self._functions, name)
        if function is None:
            return Response(status_code=404)
        if function.kind == "httpTrigger":
            return JSONResponse({"error": "call an HTTP function by its route"}, 400)
        value, metadata = by_hand(function, text)
        call = self._invoker.invoke(function, value, reason=REASON, metadata=metadata)
        run = asyncio.create_task(call)
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        if not wait:
            return Response(status_code=202)
        outcome = await run
        status = 200 if outcome.succeeded else 500
        return JSONResponse(
            {"succeeded": outcome.succeeded, "error": outcome.error.message}, status
        )


def by_hand(function: Function, text: str) -> tuple[TypedData, dict[str, TypedData]]:
    """What a timer or a queue message would have brought."""
    if function.kind == "timerTrigger":
        return TypedData(json=payload(None, past_due=False)), {}
    now = datetime.now(UTC)
    return TypedData(string=text), {
        "QueueTrigger": TypedData(string=text),
        "Id": TypedData(string=str(uuid.uuid4())),
        "PopReceipt": TypedData(string=""),
        "DequeueCount": TypedData(json="1"),
        "InsertionTime": TypedData(json=json.dumps(now.isoformat())),
        "ExpirationTime": TypedData(json=json.dumps((now + timedelta(days=7)).isoformat())),
        "NextVisibleTime": TypedData(json=json.dumps(now.isoformat())),
    }


def _named(functions: dict[str, Function], name: str) -> Function | None:
    return next((each for key, each in functions.items() if key.lower() == name.lower()), None)
