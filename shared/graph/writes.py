"""Which of Graph's fields to write: those that changed, and no others (every one may mail)."""

import html
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from shared.calendar.digest import differing
from shared.calendar.event import FIELDS, Body, BodyKind, Event
from shared.graph.mapping import graph_from_event

RULE = r"_{20,}"
JOIN = re.compile(r"teams\.(?:microsoft|live|cloud\.microsoft)", re.IGNORECASE)
NEAR = 500
"""Characters: searching a whole body for open tags takes quadratic time on a hostile one."""
_OPENED = re.compile(r"(?:<(?:div|span|p)\b[^<>]*>\s*)+\Z", re.IGNORECASE)
_CLOSED = re.compile(r"(?:\s*</(?:div|span|p)\s*>)+", re.IGNORECASE)
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


def plan(old: Event | None, new: Event, current_html: str = "") -> dict[str, Any]:
    """The PATCH (or, without `old`, the whole body) that turns `old` into `new`.

    `current_html` is the body as it stands in Outlook, unless `old` has it: its Teams block is
    kept, because an online meeting whose body loses the block stops being one.
    """
    fields = FIELDS if old is None else differing(old, new)
    return patch_of(old, new, fields, current_html)


def patch_of(
    old: Event | None, new: Event, fields: Iterable[str], current_html: str
) -> dict[str, Any]:
    """The named fields of `new`; `current_html` as in `plan`."""
    patch = graph_from_event(new, fields)
    if "body" in patch and (block := teams_block(current_html or html_of(old))):
        patch["body"] = {"contentType": "html", "content": with_block(new.body, block)}
    return patch


def html_of(event: Event | None) -> str:
    return event.body.content if event and event.body.kind is BodyKind.HTML else ""


def teams_block(markup: str) -> str:
    """From one rule of underscores to the next, with a link to the meeting between; or ""."""
    rules = list(re.finditer(RULE, markup))
    for first, last in pairwise(rules):
        if JOIN.search(markup, first.end(), last.start()):
            return _whole_tags(markup, first.start(), last.end())
    return ""


def with_block(body: Body, block: str) -> str:
    """The wanted body as HTML with the block at its end; once, if it is there already."""
    markup = as_html(body)
    if teams_block(markup):
        return markup
    end = _BODY_END.search(markup)
    at = end.start() if end else len(markup)
    return f"{markup[:at]}<br>{block}{markup[at:]}"


def as_html(body: Body) -> str:
    if body.kind is BodyKind.HTML:
        return body.content
    return "<br>".join(html.escape(body.content, quote=False).splitlines())


def _whole_tags(markup: str, start: int, end: int) -> str:
    """The block begins and ends inside elements; take in the tags that open right before it
    and close right behind it.
    """
    before = _OPENED.search(markup[max(0, start - NEAR) : start])
    behind = _CLOSED.match(markup[end : end + NEAR])
    opened = before.group() if before else ""
    return opened + markup[start:end] + (behind.group() if behind else "")
