"""The Markdown of this repository, taken apart."""

import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from local.run.requirements import ROOT

PAGES = sorted(chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md")))
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """`language` is what follows the fence; most commands have none."""

    language: str
    text: str


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str) -> list[Block]:
    return [Block(*found) for found in _FENCE.findall(read(name))]


def prose(name: str) -> str:
    return _FENCE.sub("", read(name))


def code(name: str) -> list[str]:
    """Every piece of a page that is to be typed: fenced or within a sentence."""
    return [block.text for block in blocks(name)] + _CODE.findall(prose(name))


def links(name: str) -> list[str]:
    return _LINK.findall(prose(name))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them: small letters, digits, hyphens for spaces."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(text)
    }


def rows(name: str, heading: str) -> list[list[str]]:
    """The cells of every table row under a heading, the table's head left out."""
    _, _, rest = prose(name).partition(f"\n## {heading}\n")
    section = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    found = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in found]
    return [row for row in cells if not set(row[0]) <= {"-"}][1:]
