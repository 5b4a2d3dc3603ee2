from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.twin.bodies import new_join_url, stored_body, with_join_block
from shared.calendar.event import Body, BodyKind
from shared.calendar.text import plain
from tests.unit.calendar.strategies import texts

RULE = "_" * 80
LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"


def html(content: str) -> str:
    return plain(Body(content, BodyKind.HTML))


@pytest.mark.parametrize(
    ("seen", "markup"),
    [
        ("a b", "a b"),
        ("a b", " a \r\n\t b "),
        ("a b", "a&nbsp;b"),
        ("a b", "<p>a</p><p>b</p>"),
        ("a b", "a<br>b"),
        ("a b", "a<br/>b"),
        ("ab", "<b>a</b><span style='x'>b</span>"),
        ("a b c", "<table><tr><td>a<td>b</tr><TR><TD>c</table>"),
        ("é < & >", "&eacute; &lt; &amp; &gt;"),
        ("&lt;", "&amp;lt;"),
        ("1 < 2", "1 < 2"),
        ("a", '<p title="x > y">a</p>'),
        ("a", "<!-- a <b> comment -->a"),
        ("a", "<title>T</title><style>p{}</style><script>if (1<2) {}</script>a"),
        ("a", "<!DOCTYPE html><?xml x?><![if !vml]>a<![endif]>"),
        ("a", "a<!-- never closed"),
        ("a", "a<p class='never closed"),
        ("ab", "a\u200b\ufeffb"),
        ("\ufffd", "&#" + "1" * 5000 + ";"),
        ("", ""),
    ],
)
def test_html_reads_as_a_person_reads_it(seen, markup):
    """Tags, comments, styles and spacing are not part of what a body says."""

    assert seen == html(markup)


@given(st.text())
def test_exchange_turning_text_into_html_changes_nothing(text):
    """A text body reads the same after it was converted and wrapped."""

    assert plain(Body(text)) == html(stored_body(text, "text"))


@given(st.text(st.sampled_from("<>/!-&;#'\"= abptitlescrypx_")))
def test_any_markup_can_be_read(markup):
    """Broken markup is read as well as it goes, and never raises."""

    assert "\n" not in html(markup)


@given(texts)
def test_the_teams_block_is_no_part_of_the_body(text):
    """Adding an online meeting is not an edit of the body."""
    stored = stored_body(text, "text") or stored_body(" ", "text")

    assert html(stored) == html(with_join_block(stored, new_join_url("uid")))


@pytest.mark.parametrize(
    "block",
    [
        f"{RULE}\nMicrosoft Teams meeting\nJoin: {LINK}\n{RULE}",
        f"{RULE}\nBesprechung\n{LINK.replace('microsoft.com', 'live.com')}\n{RULE}\n",
    ],
)
def test_the_teams_block_is_cut_from_text(block):
    """What stands before and after the block stays."""

    assert plain(Body("before after")) == plain(Body(f"before\n{block}\nafter"))


@pytest.mark.parametrize(
    "text",
    [
        f"before {RULE} our own section {RULE} after",
        f"Join {LINK} {RULE}",
        f"{RULE} Join {LINK}, and no second rule",
    ],
)
def test_what_a_person_wrote_is_not_taken_for_a_teams_block(text):
    """Only a stretch between two rules that leads to a meeting is cut."""

    assert text == plain(Body(text))


def test_a_link_to_a_meeting_in_the_middle_of_a_text_is_only_a_link():
    """Its words are read like those of any other link."""

    assert html(f'We <a href="{LINK}">meet</a> here') == plain(Body("We meet here"))


def test_two_teams_blocks_leave_what_stands_between():
    """Each block is closed by its own rule."""
    block = f"{RULE} {LINK} {RULE}"

    assert plain(Body(f"a {block} b {block} c")) == "a b c"


HOSTILE = [
    "_" * 30,
    "_" * 20 + "a",
    "<",
    "<a ",
    "<a b='",
    '<a "',
    "<!--",
    "<![",
    "<!",
    "<?",
    "</",
    "<script",
    "<title></title",
    "<style>",
    "&",
    "&#",
    "&#1",
    "1",
]


@pytest.mark.parametrize("start", ["", "<a ", "<title>", "&#"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_markup_costs_no_more_than_its_length(start, piece):
    """A body anybody may send cannot occupy a worker: 256 KB take seconds at the very most."""
    markup = start + piece * (256_000 // len(piece))
    before = process_time()

    html(markup)

    assert process_time() - before < 3
