"""The functions of an app, as indexed: which are loaded, and which are left out and why."""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.host.errors import Unusable
from local.host.protos import RpcFunctionMetadata, RpcRetryOptions
from local.host.settings import HostJson, Settings, is_true

log = logging.getLogger("host")

TRIGGERS = ("httpTrigger", "queueTrigger", "timerTrigger")
OUTPUTS = ("http", "queue")
_EXPANDED = ("queueName", "schedule", "connection")


@dataclass(frozen=True)
class Function:
    name: str
    id: str
    trigger: Mapping[str, Any]
    outputs: Mapping[str, Mapping[str, Any]]
    retry: RpcRetryOptions | None = None
    disabled: bool = False

    @property
    def kind(self) -> str:
        return self.trigger["type"]

    @property
    def parameter(self) -> str:
        return self.trigger["name"]


def load(
    indexed: Iterable[RpcFunctionMetadata], settings: Settings, host: HostJson
) -> list[Function]:
    """The usable functions, in the host's order: by name, ordinal, ignoring case."""
    listed = host.value("functions", None)
    found: list[Function] = []
    for metadata in sorted(indexed, key=lambda each: each.name.upper()):
        if listed is not None and metadata.name not in listed:
            continue
        try:
            found.append(_function(metadata, settings))
        except Unusable as reason:
            log.error("Function '%s' is not loaded: %s", metadata.name, reason)  # noqa: TRY400 - no traceback: it is not ours that failed
    return found


def _function(metadata: RpcFunctionMetadata, settings: Settings) -> Function:
    bindings = [_expanded(json.loads(raw), settings) for raw in metadata.raw_bindings]
    triggers = [each for each in bindings if each["type"].endswith("Trigger")]
    others = [each for each in bindings if each not in triggers]
    if len(triggers) != 1 or triggers[0]["type"] not in TRIGGERS:
        raise Unusable(f"it needs exactly one trigger of {', '.join(TRIGGERS)}")
    for each in others:
        if each["direction"] != "OUT" or each["type"] not in OUTPUTS:
            raise Unusable(f"binding '{each['name']}' of type {each['type']} is not known here")
        if "{" in each.get("queueName", ""):
            raise Unusable(f"binding '{each['name']}': {{expressions}} are not known here")
    return Function(
        metadata.name,
        metadata.function_id,
        triggers[0],
        {each["name"]: each for each in others},
        metadata.retry_options,
        is_true(settings.get(f"AzureWebJobs.{metadata.name}.Disabled"))
        or is_true(settings.get(f"AzureWebJobs:{metadata.name}:Disabled")),
    )


def _expanded(binding: dict[str, Any], settings: Settings) -> dict[str, Any]:
    for name in _EXPANDED:
        if isinstance(binding.get(name), str):
            binding[name] = settings.expand(binding[name])
    return binding
