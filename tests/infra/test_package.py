"""What is deployed holds all that the app needs, and little else."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgraph
import pytest

from deployment.__main__ import python_of_infra
from deployment.build import copy_app, pack
from deployment.contents import FILES, FOLDERS, LIBRARIES, app_files, sources
from deployment.reach import SDK, Import, imports, reachable
from tests.journeys.scene import graph_at, opened
from tests.stack import running

ROOT = Path(__file__).parents[2]
BUILT = os.environ.get("CALBRIDGE_PACKAGE", "")
INSTALLED = Path(msgraph.__file__).parents[1]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory) -> Path:
    """The installed SDK without what the app cannot reach."""
    folder = tmp_path_factory.mktemp("libraries")
    for file in reachable(sources(ROOT), INSTALLED).values():
        copy = folder / file.relative_to(INSTALLED)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return folder


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("app")
    copy_app(ROOT, folder)
    return folder


@pytest.mark.long
def test_the_sdk_is_pruned_to_a_few_modules(libraries):
    """Of the SDK's thousands of modules hundreds remain at most."""
    assert 50 < len(list(libraries.rglob("*.py"))) < 1000


@pytest.mark.long
def test_every_request_is_built_without_the_rest(libraries):
    """Each request to Graph that shared/graph can make is made of what remains."""
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.infra.builds"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(libraries)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) >= 20


@pytest.fixture(scope="module")
def served(request) -> tuple[Path, Path]:
    """The app and its libraries: of the package that BUILT names, where this Python runs it, else
    made of what is installed.
    """
    if BUILT and sys.version.startswith(f"{python_of_infra()}."):
        return Path(BUILT).resolve(), Path(BUILT).resolve() / LIBRARIES
    return request.getfixturevalue("app"), request.getfixturevalue("libraries")


@pytest.mark.long
@pytest.mark.slow
async def test_the_package_serves_every_trigger(emulator, served, tmp_path):
    """The local system on the package alone: a customer consents, changes cross both ways, timers
    run, and each of its functions has run without an error.
    """
    with running(emulator, tmp_path, *served) as stack:
        async with opened(stack) as scene:
            customer = await scene.connect("megan")
            async with customer.host_app() as product:
                await customer.settled("visit", "megan")
                await customer.edits("megan", "visit", subject="Moved", end=graph_at(11))
                await product.hears("visit", "appointment.updated")
            await _rest(scene, stack)
            listed = (await scene.admin.get("/admin/functions")).json()
        log = stack.log("host")

    assert "No module named" not in log
    for one in listed:
        assert f"Executed 'Functions.{one['name']}' (Succeeded" in log, one["name"]


async def _rest(scene, stack) -> None:
    """What no story calls for."""
    for one in (await scene.admin.get("/admin/functions")).json():
        if one["trigger"] == "timerTrigger":
            await scene.run(one["name"])
        elif one["trigger"] == "queueTrigger":
            await scene.run(one["name"], "nobody~nothing")
        else:
            methods = one["config"]["bindings"][0]["methods"]
            url = (
                f"{stack.url}/{one['config']['bindings'][0]['route'].replace('{*path}', 'health')}"
            )
            answer = await scene.admin.request(methods[0], url, json={"value": []})
            assert answer.status_code < 500, (one["name"], answer.status_code)


def test_funcignore_leaves_out_what_the_package_does():
    """Tools that read .funcignore would deploy the same of what is under version control."""
    names = _git("ls-files", "--cached", "--others", "--exclude-standard")
    ignored = _git("ls-files", "--cached", "--ignored", "--exclude-from=.funcignore")
    ignored |= _git("ls-files", "--others", "--ignored", "--exclude-from=.funcignore")
    left = {name for name in names - ignored if (ROOT / name).exists()}

    assert left == {str(file) for file in app_files(ROOT)}
    assert {Path(name).parts[0] for name in left} == {*FILES, *FOLDERS}


def _git(*arguments: str) -> set[str]:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines())


def test_the_same_files_make_the_same_zip(app, tmp_path):
    """Neither times nor the order of the disk show in it."""
    copy = tmp_path / "copy"
    shutil.copytree(app, copy)
    os.utime(copy / "host.json", (1, 1))

    pack(app, tmp_path / "one.zip")
    pack(copy, tmp_path / "two.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


SOURCE = """
from typing import TYPE_CHECKING
from ..models.event import Event
if TYPE_CHECKING:
    from .never import Never
class Builder:
    def used(self):
        from .item import x
    async def get(self):
        def inner():
            import msgraph.deep
"""  # fmt: skip


def test_imports_are_told_with_the_function_they_stand_in():
    """Relative names are resolved; what only a type checker reads is left out."""
    found = set(imports(ast.parse(SOURCE), "msgraph.users"))

    assert {one for one in found if one.module.startswith(SDK)} == {
        Import("msgraph.models.event", ""),
        Import("msgraph.models.event.Event", ""),
        Import("msgraph.users.item", "used"),
        Import("msgraph.users.item.x", "used"),
        Import("msgraph.deep", "get"),
    }


def test_only_functions_that_the_app_names_are_followed(tmp_path):
    """A module that only an unnamed function imports goes; what bodies are written with stays."""
    app = tmp_path / "app.py"
    app.write_text("from msgraph.root import Root\nRoot().events()\n")
    site = tmp_path / "site"
    (site / SDK).mkdir(parents=True)
    (site / SDK / "root.py").write_text(
        "class Root:\n"
        " def events(self):\n  from .events import E\n"
        " def mails(self):\n  from .mails import M\n"
        " def serialize(self):\n  from .body import B\n"
        " def get_field_deserializers(self):\n  from .answer import A\n"
    )
    for name in ("events", "mails", "body", "answer"):
        (site / SDK / f"{name}.py").write_text("")

    kept = reachable([app], site)

    assert set(kept) == {"msgraph.root", "msgraph.events", "msgraph.body"}
