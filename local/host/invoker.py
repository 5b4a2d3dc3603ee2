"""Runs a function, writes what it put out, and logs both ends."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from local.host import worker
from local.host.catalog import Function
from local.host.protos import RetryContext, RpcException, RpcTraceContext, TypedData
from local.host.worker import Call, Outcome

log = logging.getLogger("host")


class Outputs(Protocol):
    async def write(self, binding: Mapping[str, Any], value: TypedData) -> None: ...


class Invoker:
    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._running: set[str] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def running(self) -> int:
        return len(self._running)

    async def idle(self) -> None:
        await self._idle.wait()

    async def invoke(
        self,
        function: Function,
        value: TypedData,
        *,
        reason: str,
        metadata: Mapping[str, TypedData] | None = None,
        trace: RpcTraceContext | None = None,
        retry: RetryContext | None = None,
    ) -> Outcome:
        call = Call(
            function.id,
            {function.parameter: value},
            metadata or {},
            trace or RpcTraceContext(),
            retry or RetryContext(),
        )
        self._running.add(call.invocation_id)
        self._idle.clear()
        try:
            return await self._logged(function, call, reason)
        finally:
            self._running.discard(call.invocation_id)
            if not self._running:
                self._idle.set()

    async def _logged(self, function: Function, call: Call, reason: str) -> Outcome:
        about = {"invocation_id": call.invocation_id}
        name, started = f"Functions.{function.name}", time.perf_counter()
        log.info(
            "Executing '%s' (Reason='%s', Id=%s)", name, reason, call.invocation_id, extra=about
        )
        outcome = await self._run(function, call)
        level = logging.INFO if outcome.succeeded else logging.ERROR
        word = "Succeeded" if outcome.succeeded else "Failed"
        took = (time.perf_counter() - started) * 1000
        done = "Executed '%s' (%s, Id=%s, Duration=%.0fms)"
        log.log(level, done, name, word, call.invocation_id, took, extra=about)
        if not outcome.succeeded:
            trace = outcome.error.stack_trace.rstrip() or outcome.error.message
            log.error("'%s' failed: %s\n%s", name, outcome.error.message, trace, extra=about)
        return outcome

    async def _run(self, function: Function, call: Call) -> Outcome:
        outcome = await worker.run(call)
        if not outcome.succeeded:
            return outcome
        try:
            await self._write(function, outcome)
        except Exception as error:
            message = f"an output could not be written: {type(error).__name__}: {error}"
            return replace(outcome, succeeded=False, error=RpcException(message))
        return outcome

    async def _write(self, function: Function, outcome: Outcome) -> None:
        values = dict(outcome.outputs)
        if outcome.returned is not None:
            values["$return"] = outcome.returned
        for name, value in values.items():
            binding = function.outputs.get(name)
            if binding and binding["type"] == "queue":
                await self._outputs.write(binding, value)
