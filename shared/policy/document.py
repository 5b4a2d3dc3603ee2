"""A tenant's policy as one document.

{"version": 3, "preset": "striven", <fields of Policy>, "projects": {name: {<fields>}},
"types": {name: {<fields>}}}, all of it optional. What a field is, is said by the most special
that says it: type, project, tenant, preset, default. Owners are laid over one another by field.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self, cast

from shared.errors import Problem, Refused
from shared.policy.fields import TENANT_WIDE, wrong
from shared.policy.fields import problems as field_problems
from shared.policy.policy import Direction, Invitations, Participants, Policy
from shared.policy.presets import PRESETS

_Json = Mapping[str, Any]
_PARTS = ("projects", "types")
LONGEST_NAME = 100
_NONE: _Json = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Document:
    """`version` counts the documents that were applied, and is ours to count. `is_muted`: nothing
    is written to Outlook, whatever the directions.
    """

    version: int = 0
    preset: str = ""
    said: _Json = field(default_factory=dict[str, Any])
    projects: Mapping[str, _Json] = field(default_factory=dict[str, _Json])
    types: Mapping[str, _Json] = field(default_factory=dict[str, _Json])
    is_muted: bool = False
    _known: dict[tuple[str, str], Policy] = field(
        default_factory=dict[tuple[str, str], Policy], repr=False, compare=False
    )

    @classmethod
    def from_json(cls, data: _Json, at: str = "") -> Self:
        """Raises Refused with the first problem; `at` is where `data` stands in the caller's
        body.
        """
        for problem in problems(data, at):
            raise Refused(problem)
        said = {n: v for n, v in data.items() if n not in {"version", "preset", *_PARTS}}
        return cls(
            data.get("version", 0),
            data.get("preset", ""),
            said,
            data.get("projects", _NONE),
            data.get("types", _NONE),
        )

    def to_json(self) -> dict[str, Any]:
        """Only what the document says."""
        parts = {
            "projects": {name: dict(said) for name, said in self.projects.items()},
            "types": {name: dict(said) for name, said in self.types.items()},
        }
        preset = {"preset": self.preset} if self.preset else {}
        named = {name: part for name, part in parts.items() if part}
        return {"version": self.version, **preset, **self.said, **named}

    def policy_for(self, project: str = "", type_: str = "") -> Policy:
        """Of an appointment; without a project and type the tenant's own."""
        key = project, type_
        if key not in self._known:
            said = _silent(Policy.from_json(_laid(self._layers(project, type_))))
            self._known[key] = _muted(said) if self.is_muted else said
        return self._known[key]

    def muted(self) -> Self:
        return replace(self, is_muted=True, _known={})

    @property
    def directions(self) -> list[Direction]:
        """The tenant's own first, then those of its projects and types."""
        preset = PRESETS.get(self.preset, _NONE)
        projects = {**preset.get("projects", _NONE), **self.projects}
        types = {**preset.get("types", _NONE), **self.types}
        keys = [("", ""), *((name, "") for name in projects), *(("", name) for name in types)]
        return [self.policy_for(*key).direction for key in keys]

    @property
    def has_copies(self) -> bool:
        """Whether any of its policies gives participants copies."""
        preset = PRESETS.get(self.preset, _NONE)
        parts = [preset.get(part, _NONE) for part in _PARTS]
        parts += [self.projects, self.types]
        layers = [preset, self.said, *(layer for part in parts for layer in part.values())]
        return any(layer.get("participants") == Participants.COPIES for layer in layers)

    def _layers(self, project: str, type_: str) -> Iterator[_Json]:
        preset = PRESETS.get(self.preset, _NONE)
        yield {name: value for name, value in preset.items() if name not in _PARTS}
        yield self.said
        yield preset.get("projects", _NONE).get(project, _NONE)
        yield self.projects.get(project, _NONE)
        yield preset.get("types", _NONE).get(type_, _NONE)
        yield self.types.get(type_, _NONE)


def _silent(policy: Policy) -> Policy:
    """Whoever has a copy is not invited as well."""
    if policy.participants is not Participants.COPIES:
        return policy
    return replace(policy, invitations=Invitations.NONE)


def _muted(policy: Policy) -> Policy:
    is_heard = policy.direction in {Direction.BOTH, Direction.TO_APP}
    return replace(policy, direction=Direction.TO_APP if is_heard else Direction.OFF)


def _laid(layers: Iterator[_Json]) -> dict[str, Any]:
    laid: dict[str, Any] = {}
    owners: dict[str, Any] = {}
    for layer in layers:
        laid |= layer
        owners |= layer.get("owners", _NONE)
    return laid | ({"owners": owners} if owners else {})


def problems(data: _Json, at: str = "") -> list[Problem]:
    """All that is wrong with a document as JSON; pointers are into the caller's body."""
    fields = {n: v for n, v in data.items() if n not in {"version", "preset", *_PARTS}}
    return [
        *_version(data.get("version", 0), f"{at}/version"),
        *_preset(data.get("preset", ""), f"{at}/preset"),
        *field_problems(fields, at),
        *(p for part in _PARTS for p in _part(data.get(part, _NONE), f"{at}/{part}")),
    ]


def _version(version: Any, at: str) -> Iterator[Problem]:
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        yield wrong(at, "must be a whole number; it is counted here, and may be left out")


def _preset(preset: Any, at: str) -> Iterator[Problem]:
    if not isinstance(preset, str) or (preset and preset not in PRESETS):
        yield wrong(at, f"must be one of {', '.join(PRESETS)}, or left out")


def _part(part: Any, at: str) -> Iterator[Problem]:
    if not isinstance(part, Mapping):
        yield wrong(at, "must be an object of names and their fields")
        return
    for name, fields in cast("Mapping[Any, Any]", part).items():
        yield from _named(str(name), fields, f"{at}/{_escaped(str(name))}")


def _named(name: str, fields: Any, at: str) -> Iterator[Problem]:
    if not name.strip() or len(name) > LONGEST_NAME:
        yield wrong(at, f"must have a name of 1 to {LONGEST_NAME} characters")
    if not isinstance(fields, Mapping):
        yield wrong(at, "must be an object of fields")
        return
    said = cast("_Json", fields)
    for field_name in said:
        if field_name in TENANT_WIDE:
            yield wrong(f"{at}/{field_name}", "is of a whole calendar; set it for the tenant")
    yield from field_problems({n: v for n, v in said.items() if n not in TENANT_WIDE}, at)


def _escaped(name: str) -> str:
    """RFC 6901, section 3."""
    return name.replace("~", "~0").replace("/", "~1")
