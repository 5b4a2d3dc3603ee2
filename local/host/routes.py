"""ASP.NET Core route templates, and which function a path and method mean. Pure."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from local.host.errors import Unusable

_BRACED = re.compile(r"\{((?:[^{}]|\{\{|\}\})*)\}")
_PARAMETER = re.compile(
    r"(?P<rest>\*{0,2})(?P<name>[^:=?*{}/]+)(?P<tests>(?::[^:=?(]+(?:\(.*?\))?)*)"
    r"(?:=(?P<default>[^?]*))?(?P<optional>\??)"
)
_TEST = re.compile(r":(?P<name>[^:(]+)(?:\((?P<argument>.*?)\))?(?=:|$)")

Test = Callable[[str], bool]


@dataclass(frozen=True)
class Parameter:
    name: str
    tests: tuple[Test, ...] = ()
    default: str | None = None


@dataclass(frozen=True)
class Template:
    """A compiled template: groups of `pattern` are `parameters`, in order."""

    text: str
    pattern: re.Pattern[str]
    parameters: tuple[Parameter, ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Raises Unusable when it is not a template."""
        parameters: list[Parameter] = []
        pieces = [_segment(part, parameters) for part in _split(text.strip("/"))]
        return cls(text, re.compile("".join(pieces) + "/?", re.IGNORECASE), tuple(parameters))

    def match(self, path: str) -> dict[str, str] | None:
        """The route's values for a decoded path, or None. Absent optional ones are left out."""
        found = self.pattern.fullmatch(path)
        if not found:
            return None
        values: dict[str, str] = {}
        for parameter, raw in zip(self.parameters, found.groups(), strict=True):
            value = raw or parameter.default
            if not value:
                continue
            if not all(test(value) for test in parameter.tests):
                return None
            values[parameter.name] = value
        return values


@dataclass(frozen=True)
class Route:
    """`methods` is empty for any."""

    function: str
    template: Template
    methods: frozenset[str] = frozenset()

    def takes(self, method: str) -> bool:
        return not self.methods or method.upper() in self.methods

    def clashes(self, other: "Route") -> bool:
        same = self.template.text.strip("/").lower() == other.template.text.strip("/").lower()
        common = not self.methods or not other.methods or self.methods & other.methods
        return same and bool(common)


def find(routes: list[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The first in order that fits: there is no precedence between templates."""
    for route in routes:
        if route.takes(method) and (values := route.template.match(path)) is not None:
            return route, values
    return None


def check_name(route: str) -> None:
    """Raises Unusable for the routes the host keeps for itself."""
    if route.lower().startswith(("admin", "runtime")):
        raise Unusable(f"route '{route}' starts with admin or runtime, which the host keeps")


def _split(text: str) -> list[str]:
    """Segments: slashes inside braces belong to a constraint."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        if letter == "/" and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    if depth:
        raise Unusable(f"route '{text}' has a brace without its pair")
    return parts if text else []


def _segment(part: str, parameters: list[Parameter]) -> str:
    whole = _BRACED.fullmatch(part)
    if whole:
        return _alone(whole.group(1), parameters)
    pieces, at = [], 0
    for found in _BRACED.finditer(part):
        parsed, parameter = _parameter(found.group(1))
        parameters.append(parameter)
        tail = "*" if parsed["optional"] else "+"
        pieces += [re.escape(part[at : found.start()]), f"([^/]{tail}?)"]
        at = found.end()
    return "/" + "".join(pieces) + re.escape(part[at:])


def _alone(text: str, parameters: list[Parameter]) -> str:
    parsed, parameter = _parameter(text)
    parameters.append(parameter)
    if parsed["rest"]:
        return "(?:/(.*?))?"
    optional = parsed["optional"] or parameter.default is not None
    return "(?:/([^/]+))?" if optional else "/([^/]+)"


def _parameter(text: str) -> tuple[re.Match[str], Parameter]:
    parsed = _PARAMETER.fullmatch(text)
    if not parsed:
        raise Unusable(f"'{{{text}}}' is not a route parameter")
    tests = _TEST.finditer(parsed["tests"])
    made = tuple(_test(each["name"], each["argument"] or "") for each in tests)
    return parsed, Parameter(parsed["name"], made, parsed["default"])


def _test(name: str, argument: str) -> Test:
    if name in _PLAIN:
        return _PLAIN[name]
    try:
        return _bounded(name, argument)
    except (ValueError, re.error) as error:
        raise Unusable(f"route constraint {name}({argument}) is not valid") from error


def _bounded(name: str, argument: str) -> Test:
    if name == "regex":
        pattern = re.compile(argument.replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
        return lambda value: bool(pattern.search(value))
    numbers = [int(each) for each in argument.split(",")]
    low, high = numbers[0], numbers[-1]
    match name:
        case "min":
            return lambda value: _parses(int, value) and int(value) >= low
        case "max":
            return lambda value: _parses(int, value) and int(value) <= high
        case "range":
            return lambda value: _parses(int, value) and low <= int(value) <= high
        case "length":
            return lambda value: low <= len(value) <= high
        case "minlength":
            return lambda value: len(value) >= low
        case "maxlength":
            return lambda value: len(value) <= high
        case _:
            raise Unusable(f"route constraint '{name}' does not exist")


def _parses(kind: Callable[[str], object], value: str) -> bool:
    try:
        kind(value)
    except ValueError:
        return False
    return value == value.strip() and "_" not in value


def _within(bits: int) -> Test:
    edge = 2 ** (bits - 1)
    return lambda value: _parses(int, value) and -edge <= int(value) < edge


_PLAIN: dict[str, Test] = {
    "int": _within(32),
    "long": _within(64),
    "bool": lambda value: value.lower() in {"true", "false"},
    "guid": lambda value: _parses(uuid.UUID, value),
    "datetime": lambda value: _parses(datetime.fromisoformat, value),
    "decimal": lambda value: _parses(float, value),
    "double": lambda value: _parses(float, value),
    "float": lambda value: _parses(float, value),
    "alpha": lambda value: value.isascii() and value.isalpha(),
    "required": bool,
}
