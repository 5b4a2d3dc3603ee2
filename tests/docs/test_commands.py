"""What a page tells a reader to type exists as it is written."""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.run.requirements import ROOT
from tests.docs.pages import NAMES, blocks, code, read

MAKE = re.compile(r"^(?:[A-Z_]+=\S+ )*make(?: [A-Z_]+=\S+)*((?: [a-z][a-z-]*)+)", re.MULTILINE)
MODULE = re.compile(r"python\S* -m ([\w.]+)([^\n`|;)]*(?:\\\n[^\n`|;)]*)*)")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
VARIABLE = re.compile(r"\b([A-Z_]+)=")


def makefile() -> str:
    return (ROOT / "Makefile").read_text()


def targets() -> set[str]:
    return set(TARGET.findall(makefile()))


def modules() -> dict[str, set[str]]:
    """Every module that a page starts, with the options it is given."""
    found: dict[str, set[str]] = {}
    for name in NAMES:
        for piece in code(name):
            for module, rest in MODULE.findall(piece):
                found.setdefault(module, set()).update(re.findall(r"--[a-z][a-z-]*", rest))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_make_target_on_a_page_exists(name):
    """`make` would not say that there is no rule."""
    said = [words.split() for piece in code(name) for words in MAKE.findall(piece)]

    assert {target for words in said for target in words} <= targets()


def test_a_target_on_a_page_is_read_to_its_end():
    """Hyphens are part of it, and variables may stand on either side of make."""
    said = [" check test", " test-deep", " machine"]

    assert MAKE.findall("make check test # all\nmake test-deep\nA=1 make B=2 machine") == said


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_given_to_make_is_used_by_it(name):
    """RESET=1 and the like are not silently ignored."""
    lines = [line for piece in code(name) for line in piece.splitlines()]
    given = {
        variable
        for line in lines
        if line.strip().startswith("make ")
        for variable in VARIABLE.findall(line.split("#")[0])
    }

    assert [name for name in given if f"$({name})" not in makefile()] == []


def test_every_target_has_help():
    """`make` alone lists all there is."""
    helped = set(re.findall(r"^([a-z-]+):.*## \w+", makefile(), re.MULTILINE))

    assert targets() - helped == set()


def test_every_target_is_phony():
    """A file of the same name does not stop it."""
    phony = re.findall(r"^\.PHONY: (.*)$", makefile(), re.MULTILINE)

    assert sorted(phony[0].split()) == sorted(targets())


@pytest.mark.parametrize("module", sorted(modules()))
def test_every_module_a_page_starts_exists(module):
    """`python -m` finds it, and finds something to run in it."""
    found = importlib.util.find_spec(module)

    assert found is not None
    if found.submodule_search_locations:
        assert importlib.util.find_spec(f"{module}.__main__") is not None


@pytest.mark.parametrize(
    "module",
    sorted(m for m, options in modules().items() if options and m.startswith("local.")),
)
def test_every_option_on_a_page_is_taken(module):
    """The module itself knows each option that the pages give it."""
    options = modules()[module]
    source = importlib.util.find_spec(module)
    assert source is not None
    if source.submodule_search_locations:
        ran = subprocess.run(
            [sys.executable, "-m", module, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        known = ran.stdout
    else:
        known = (ROOT / f"{module.replace('.', '/')}.py").read_text()

    assert [option for option in options if option not in known] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_block_can_be_parsed(name):
    """Shell by bash, Python by Python, JSON as JSON."""
    for block in blocks(name):
        if block.language == "python":
            ast.parse(block.text)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "sh":
            ran = subprocess.run(
                ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
            )
            assert ran.stderr == ""


def test_every_script_the_pages_name_is_there():
    """`.ci/run` and its like exist, and can be run."""
    named = {
        word
        for name in NAMES
        for piece in code(name)
        for word in re.findall(r"(?:^|\s)(\.ci/\w+)", piece)
    }

    assert named
    assert all(os.access(ROOT / word, os.X_OK) for word in named)


def test_the_pipeline_runs_what_a_developer_runs():
    """.ci/run consists of targets of the Makefile."""
    ran = re.findall(r"^make (?:--jobs=2 )?([\w-]+)", read(".ci/run"), re.MULTILINE)

    assert ran == ["setup", "check", "test"]


@pytest.mark.parametrize(
    ("fails", "said", "status"),
    [
        ("nothing", ["setup", "test"], 0),
        ("setup", ["setup"], 2),
        ("check", ["setup", "test", "check"], 2),
        ("test", ["setup", "test"], 2),
    ],
)
def test_the_pipeline_fails_with_each_of_its_targets(
    tmp_path: Path, fails: str, said: list[str], status: int
):
    """What the checks say is shown where they fail; else the tests have the last word."""
    make = tmp_path / "make"
    make.write_text(
        f'#!/bin/sh\nfor name; do :; done\necho "$name"\n[ "$name" != {fails} ] || exit 2\n'
    )
    make.chmod(0o755)

    ran = subprocess.run(
        [ROOT / ".ci/run"],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.stdout.split(), ran.returncode) == (said, status)
