"""What a person reads in a body, whatever Exchange made of its markup.

Markup comes from whoever sends an invitation, so all of this runs in linear time: html.parser
takes a minute for 64 KB of unclosed tags.
"""

import html
import re
from collections.abc import Callable

from shared.calendar.event import Body, BodyKind

_INLINE_TAGS = (
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark o:p q s samp small span "
    "strike strong sub sup tt u var wbr"
)
_INLINE = frozenset(_INLINE_TAGS.split())
_MARKUP = re.compile(
    r"""
      <!--.*?(?:--!?>|\Z)
    | <(?P<silent>script|style|title)\b[^<>]*>.*?(?:</(?P=silent)\b[^>]*+>?|\Z)
    | </?(?P<name>[a-z][^\s/>]*+)(?P<rest>(?:[^>"']++|"[^"]*+"|'[^']*+')*+)[^>]*+>?
    | <[/!?][^>]*+>?
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# html.unescape hands any number of digits to int, which refuses very many.
_HUGE_REFERENCE = re.compile(r"&#[0-9]{12,};?")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")

# Stands in the text where a link to a Teams meeting was, until the block is cut.
_JOIN = "\ue0fe"
_TEAMS = re.compile(r"teams\.(?:microsoft|live|cloud\.microsoft)", re.IGNORECASE)
_RULE = re.compile("(_{20,})")


def one_line(text: str) -> str:
    return " ".join(text.split())


def plain(body: Body) -> str:
    """The body as one line of text, without the block that Teams puts between two rules."""
    text = _stripped(body.content) if body.kind is BodyKind.HTML else body.content
    text = one_line(_UNSEEN.sub("", text))
    return one_line(_without_teams(text).replace(_JOIN, ""))


def retagged(markup: str, rewrite: Callable[[str, str], str]) -> str:
    """Each tag, comment or script as `rewrite` has it, called with the element's name in lower
    case ("" for all but tags) and the whole. What the markup leaves open at its end is cut, for
    it would swallow whatever is put behind it.
    """

    def one(token: re.Match[str]) -> str:
        if token.end() == len(markup) and not _is_closed(token):
            return ""
        return rewrite((token["name"] or "").lower(), token.group())

    return _MARKUP.sub(one, markup)


def _is_closed(token: re.Match[str]) -> bool:
    whole = token.group()
    if whole.startswith("<!--"):
        return whole[4:].endswith(("-->", "--!>"))
    if token["silent"] and f"</{token['silent']}".lower() not in whole.lower():
        return False
    return whole.endswith(">")


def _stripped(markup: str) -> str:
    text = _MARKUP.sub(_space, markup)
    return html.unescape(_HUGE_REFERENCE.sub("\ufffd", text))


def _space(tag: re.Match[str]) -> str:
    name = (tag["name"] or "").lower()
    if name == "a" and _TEAMS.search(tag["rest"]):
        return _JOIN
    return " " if name and name not in _INLINE else ""


def _without_teams(text: str) -> str:
    """Cuts each stretch that leads to a meeting, with the rules on either side of it."""
    pieces = _RULE.split(text)
    kept = pieces[:1]
    at = 1
    while at < len(pieces):
        rule, between = pieces[at : at + 2]
        if at + 2 < len(pieces) and (_JOIN in between or _TEAMS.search(between)):
            at += 2
            rule, between = " ", pieces[at + 1]
        kept += [rule, between]
        at += 2
    return "".join(kept)
