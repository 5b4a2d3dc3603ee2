"""The look through the logs is not blind: what a careless change would log is found.

A copy of the app has one function more, which is careless in each way there is, and careful as the
rest of the app is in each of these. It runs as the app does, under the same host.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deployment.build import copy_app
from tests.azurite import Azurite
from tests.host.running import ROOT, until
from tests.leaks import leaks
from tests.stack import Stack

pytestmark = pytest.mark.long

SUBJECT, ADDRESS = "Kumquat appraisal", "xenophon@quetzal.example"
CONTENT = {"x-subject": SUBJECT, "x-address": ADDRESS}

# Where it must be found, and what is planted.
CARELESS = {
    "field": ("host", "note('planted', reason=subject)"),
    "own error": ("host", "raise Unavailable(3, subject)"),
    "exception": ("host", "raise ValueError(subject)"),
    "library": ("host", "logging.getLogger('some.library').warning(address)"),
    "attribute": ("traces", "tell(kind=subject)"),
    "span": ("traces", "with span(subject): pass"),
}
CAREFUL = {
    "unlisted field": "note('planted', subject=subject)",
    "unlisted attribute": "tell(subject=subject)",
    "own error": "raise Refused(Problem('invalid-request', subject))",
    "exception": "raise ValueError(subject)",
    "library": "logging.getLogger('httpx').warning(address)",
}

BLUEPRINT = """
import logging
import azure.functions as func
from functions._http import answers_json
from shared.errors import Problem, Refused, Unavailable
from shared.observe import content_free, note
from shared.services import services
from shared.telemetry import span, tell

planted = func.Blueprint()

def content(req):
    return req.headers["x-subject"], req.headers["x-address"]

@planted.route("careless/{kind}", auth_level=func.AuthLevel.ANONYMOUS)
async def careless(req: func.HttpRequest) -> func.HttpResponse:
    services()
    with span("planted"):
        await CARELESS[req.route_params["kind"]](*content(req))
    return func.HttpResponse("done")

@planted.route("careful/{kind}", auth_level=func.AuthLevel.ANONYMOUS)
@answers_json
async def careful(req: func.HttpRequest) -> func.HttpResponse:
    services()
    await CAREFUL[req.route_params["kind"]](*content(req))
    return func.HttpResponse("done")

CARELESS, CAREFUL = {}, {}
"""


def _functions(table: str, plants: dict[str, str]) -> str:
    return "".join(
        f"async def _{table}_{number}(subject, address):\n    {plant}\n"
        f"{table}[{_word(kind)!r}] = _{table}_{number}\n"
        for number, (kind, plant) in enumerate(plants.items())
    )


def _word(kind: str) -> str:
    return kind.replace(" ", "-")


@pytest.fixture(scope="module")
def planted(emulator: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The copy's host alone: neither twin nor vault is asked for anything."""
    app: Path = tmp_path_factory.mktemp("planted")
    copy_app(ROOT, app)
    source = BLUEPRINT + _functions("CARELESS", {kind: one for kind, (_, one) in CARELESS.items()})
    (app / "functions/planted.py").write_text(source + _functions("CAREFUL", CAREFUL))
    main = (app / "function_app.py").read_text()
    main = main.replace("import web\n", "import web\nfrom functions.planted import planted\n")
    (app / "function_app.py").write_text(main.replace(" web)", " web, planted)"))
    made = Stack(emulator.fresh(), tmp_path_factory.mktemp("planted-stack"), app)
    try:
        made.start_app()
        yield made
    finally:
        made.stop()


def _said(stack: Stack) -> dict[str, str]:
    file = stack.folder / "traces.jsonl"
    return {"host": stack.log("host"), "traces": file.read_text() if file.exists() else ""}


def _asked(stack: Stack, path: str) -> tuple[int, dict[str, str]]:
    """The status, and what was said from the request on."""
    before = _said(stack)
    answer = httpx.get(f"{stack.url}/{path}", headers=CONTENT, timeout=20)
    done = f"Executed 'Functions.{path.partition('/')[0]}'"
    until(lambda: done in stack.log("host")[len(before["host"]) :], f"the end of {path}")
    after = _said(stack)
    return answer.status_code, {name: after[name][len(before[name]) :] for name in after}


@pytest.mark.parametrize("kind", CARELESS)
def test_what_is_careless_is_found(planted, kind):
    """A subject in a listed field, in the text of an error or a span, an address in a library's
    warning: each alone makes the look fail, and where it was said.
    """
    where, _ = CARELESS[kind]

    _, said = _asked(planted, f"careless/{_word(kind)}")

    assert leaks(said[where], [SUBJECT])


@pytest.mark.parametrize("kind", CAREFUL)
def test_what_goes_the_app_s_own_way_is_not_said(planted, kind):
    """The same mistakes where the app's functions make them: refused, or reduced to a type."""
    status, said = _asked(planted, f"careful/{_word(kind)}")

    assert status in {200, 400, 500}
    assert [leaks(text, [SUBJECT]) for text in said.values()] == [[], []]
