"""Microsoft's Python runtime, asked to index an app and to run its functions."""

import re
import sys
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import azure_functions_runtime as runtime

from local.host import protos
from local.host.errors import StartFailed
from local.host.protos import TypedData

# The library types it as holding None only.
_invocation_id: ContextVar[Any] = runtime.invocation_id_cv
_PROPERTIES = {"protos": protos, "host": "127.0.0.1"}


@dataclass(frozen=True)
class Message:
    request: protos.StreamingMessage
    properties: Mapping[str, Any] = field(default_factory=lambda: _PROPERTIES)


@dataclass(frozen=True)
class Call:
    """One run of a function: the trigger's value under its parameter name."""

    function_id: str
    inputs: Mapping[str, TypedData]
    metadata: Mapping[str, TypedData] = field(default_factory=dict)
    trace: protos.RpcTraceContext = field(default_factory=protos.RpcTraceContext)
    retry: protos.RetryContext = field(default_factory=protos.RetryContext)
    invocation_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Outcome:
    succeeded: bool
    returned: TypedData | None = None
    outputs: Mapping[str, TypedData] = field(default_factory=dict)
    error: protos.RpcException = field(default_factory=protos.RpcException)


async def index(app_dir: Path) -> list[protos.RpcFunctionMetadata]:
    """The app's functions. Raises StartFailed with the runtime's own words."""
    _import_from(app_dir)
    runtime.start_threadpool_executor()
    init = protos.WorkerInitRequest(function_app_directory=str(app_dir))
    message = Message(protos.StreamingMessage(worker_init_request=init))
    started = await runtime.worker_init_request(message)
    if started.result.status != protos.StatusResult.Success:
        raise StartFailed(_sentence(app_dir, started.result.exception))
    answer = await runtime.functions_metadata_request(Message(protos.StreamingMessage()))
    if answer.function_metadata_results is None:
        raise StartFailed(f"The app in {app_dir} cannot start: it has no functions")
    return answer.function_metadata_results


async def run(call: Call) -> Outcome:
    request = protos.InvocationRequest(
        call.invocation_id,
        call.function_id,
        [protos.ParameterBinding(name, value) for name, value in call.inputs.items()],
        dict(call.metadata),
        call.trace,
        call.retry,
    )
    token = _invocation_id.set(call.invocation_id)
    try:
        answer = await runtime.invocation_request(
            Message(protos.StreamingMessage(invocation_request=request))
        )
    finally:
        _invocation_id.reset(token)
    return _outcome(answer)


def _outcome(answer: protos.InvocationResponse) -> Outcome:
    if answer.result.status != protos.StatusResult.Success:
        return Outcome(False, error=answer.result.exception)
    outputs = {out.name: out.data for out in answer.output_data if out.data is not None}
    return Outcome(True, answer.return_value, outputs)


def _import_from(app_dir: Path) -> None:
    # The app must find its own packages first, and nothing of the folder the host was started in.
    here = str(Path.cwd())
    sys.path[:] = [str(app_dir), *(entry for entry in sys.path if entry not in {"", here})]


def _sentence(app_dir: Path, error: protos.RpcException) -> str:
    message = error.message.split(" Current sys.path:")[0].split(" Sys Path:")[0]
    return (
        f"The app in {app_dir} cannot start: {' '.join(message.split())}{_place(app_dir, error)}"
    )


def _place(app_dir: Path, error: protos.RpcException) -> str:
    """Where in the app it happened: the last frame inside its folder."""
    frames = re.findall(r'File "([^"]+)", line (\d+)', error.stack_trace)
    own = [(file, line) for file, line in frames if Path(file).is_relative_to(app_dir)]
    return f" ({Path(own[-1][0]).relative_to(app_dir)}, line {own[-1][1]})" if own else ""
