"""The host app's text and people's own share a body without getting in each other's way."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.twin.bodies import new_join_url, stored_body, with_join_block
from shared.calendar.event import Body, BodyKind
from shared.calendar.text import plain
from shared.graph.section import inside, laid
from shared.graph.writes import Manner, plan, teams_block
from tests.unit.calendar.strategies import MEETING, bodies, texts
from tests.unit.graph.test_writes import event

PIECES = (
    "<div>", "</div>", "<p title='", "<p>", "</p>", "<a id=calbridge-end>", "calbridge-begin",
    '<a name="calbridge-begin"></a>', '<div id="calbridge-section">', "<!--", "-->", "<body>",
    "</body>", "<html>", "</html>", "<script>", "</script>", "<", ">", '"', "'", "&", "&amp", ";",
    "text", " ", "\n", "<td>", "</table>", "<title>", "x_",
)  # fmt: skip
hostile = st.lists(st.sampled_from(PIECES) | texts, max_size=12).map("".join)
wanted = bodies | st.builds(Body, hostile, st.sampled_from(BodyKind))


def html(content: str) -> Body:
    return Body(content, BodyKind.HTML)


def read(markup: str) -> str:
    """What the host app's part of it says."""
    section = inside(markup)
    return plain(html(markup if section is None else section))


def outlook(markup: str) -> str:
    """As Exchange keeps it."""
    return stored_body(markup, "html")


def typed_around(markup: str) -> str:
    """Somebody wrote above and below."""
    return markup.replace("<body>", "<body><p>Mind the dog</p>").replace(
        "</body>", "<p>Code 4711</p></body>"
    )


class TestFixedPoint:
    @given(wanted)
    def test_what_is_written_is_read(self, body: Body):
        """The section says what the body says, whatever the markup is like."""
        assert read(outlook(laid(body))) == plain(body)

    @given(wanted, wanted)
    def test_what_replaces_it_is_read(self, first: Body, second: Body):
        """Writing another body leaves nothing of the one before, and the rest as it was."""
        before = typed_around(outlook(laid(Body(f"x{first.content}", first.kind))))

        after = laid(second, before)

        assert read(after) == plain(second)
        assert "<body><p>Mind the dog</p>" in after
        assert after.rstrip().endswith("<p>Code 4711</p></body>\r\n</html>")

    @given(wanted)
    def test_writing_again_changes_nothing(self, body: Body):
        """The same body over itself is the same markup."""
        once = laid(body)

        assert laid(body, once) == once


class TestMarks:
    MARKED = typed_around(outlook(laid(Body("Agenda"))))

    def test_nothing_of_them_is_seen(self):
        """A person reads the host app's text and their own, and no mark."""
        assert plain(html(self.MARKED)) == "Mind the dog Agenda Code 4711"

    @pytest.mark.parametrize(
        ("lost", "instead"),
        [
            ('id="calbridge-section"', ""),
            ('id="calbridge-section"', 'id="x_calbridge-section"'),
            ('<a id="calbridge-begin" name="calbridge-begin"></a>', ""),
            ('<a id="calbridge-end" name="calbridge-end"></a>', ""),
            ('id="calbridge-begin" ', ""),
            (' name="calbridge-begin"', ""),
            ('"calbridge-end"', '"x_x_calbridge-end"'),
            ('"calbridge-begin"', "calbridge-begin"),
            ('"calbridge-begin"></a>', '"calbridge-begin"><span>'),
        ],
    )
    def test_half_of_them_are_enough(self, lost, instead):
        """What one editor loses or renames leaves the section to be found by the rest."""
        mangled = self.MARKED.replace(lost, instead)

        again = laid(Body("Other"), mangled)

        assert mangled != self.MARKED
        assert read(mangled) == "Agenda"
        assert read(again) == "Other"
        assert plain(html(again)) == "Mind the dog Other Code 4711"

    def test_without_any_the_whole_is_the_body(self):
        """The next write lays a section anew, with the text once."""
        mangled = self.MARKED.replace("calbridge", "gone")
        taken = Body(mangled, BodyKind.HTML)

        again = laid(taken)

        assert read(mangled) == "Mind the dog Agenda Code 4711"
        assert plain(html(again)) == plain(taken)

    def test_text_keeps_its_shape(self):
        """Lines, runs of spaces and links of a text are those a person sees in Outlook."""
        shown = laid(Body("Agenda:\r\n  1. <plan>\nhttps://a.example/?x=1&y=2."))

        assert "Agenda:<br>&nbsp; 1. &lt;plan&gt;<br>" in shown
        assert '<a href="https://a.example/?x=1&amp;y=2">' in shown

    def test_an_empty_body_has_no_section(self):
        """But one that was emptied keeps its place, so that what people wrote is not taken for
        the host app's.
        """
        assert laid(Body(" ")) == ""
        assert inside(laid(Body(""), self.MARKED)) == ""


class TestTeams:
    @pytest.mark.parametrize("kind", BodyKind)
    def test_the_block_outlives_every_edit(self, kind):
        """Body after body, with people's own text and the block of the meeting left alone."""
        url = new_join_url("uid")
        current = typed_around(with_join_block(outlook(laid(Body("0", kind))), url))
        block = teams_block(current)

        for number in range(4):
            old, new = (event(body=Body(f"<b>{n}</b>", kind)) for n in (number, number + 1))
            current = outlook(plan(old, new, current)["body"]["content"])

            assert read(current) == plain(new.body)
            assert current.count(block) == 1
            assert "Mind the dog" in current

    def test_the_block_is_kept_where_the_section_is_lost(self):
        """The section is laid anew, and the block put behind it."""
        current = with_join_block(outlook("Agenda"), new_join_url("uid"))
        old = event(body=Body(current, BodyKind.HTML))

        written = plan(old, event(body=Body("Other")), current)["body"]["content"]

        assert read(written) == "Other"
        assert teams_block(written) == teams_block(current) != ""


def test_without_sections_the_body_is_the_whole():
    """A mailbox written to in the other manner has the host app's body and nothing else."""
    whole = plan(None, MEETING, manner=Manner(section=False))

    assert whole["body"] == {"contentType": "text", "content": MEETING.body.content}


@pytest.mark.parametrize(
    "piece",
    [
        "<a ", "<a id=", "<a id = x_", "<div>", "</div>", "<div id=calbridge-section>", "<!--",
        '<a name="calbridge-begin"></a>', "<a name=calbridge-end>", "id=", "x_", " ", "<body '",
        "http://", "https://.", "<p title='", "calbridge", "_" * 20,
    ],
)  # fmt: skip
@pytest.mark.parametrize("start", ["", "<div id=calbridge-section>", "<a id=calbridge-begin>"])
@pytest.mark.parametrize("kind", BodyKind)
def test_hostile_markup_costs_no_more_than_its_length(start, piece, kind):
    """64 KB of anything are read and written in no noticeable time."""
    markup = start + piece * (64_000 // len(piece))
    before = process_time()

    inside(markup)
    laid(Body(markup, kind), markup)

    assert process_time() - before < 1
