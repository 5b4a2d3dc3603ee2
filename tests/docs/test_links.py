"""Links between pages lead somewhere."""

import pytest

from local.run.requirements import ROOT
from tests.docs.pages import NAMES, PAGES, anchors, links


@pytest.mark.parametrize("name", NAMES)
def test_every_relative_link_resolves(name):
    """To a file or folder that is there, and to a heading in it."""
    page = ROOT / name
    broken = []
    for link in links(name):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_every_page_is_linked_to():
    """A reader who starts at the README reaches each page, folders included."""
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page, name in zip(PAGES, NAMES, strict=True)
        for link in links(name)
        if "://" not in link
    }
    lost = [
        name
        for page, name in zip(PAGES, NAMES, strict=True)
        if name != "README.md" and page not in linked and page.parent not in linked
    ]

    assert lost == []
