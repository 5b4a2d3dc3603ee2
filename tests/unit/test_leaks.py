"""The look through the logs finds what is there."""

import logging
import subprocess
import sys

import pytest

from shared.errors import Unavailable
from shared.observe import Unexpected, content_free, hush
from tests.leaks import leaks

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."


@pytest.mark.parametrize(
    "line",
    [
        "the subject is Mole Removal, at nine",
        "body: mole%20removal MOLE REMOVAL",
        "sent to ada.lovelace@acme.example.",
        "GET /users/ada%40acme.example/events",
        f"Authorization: Bearer {TOKEN}",
        f"token={TOKEN}",
        "signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "GET /users/x/calendarView/delta?$deltatoken=LztZwWjo5IivWBhyxw5rAI",
    ],
)
def test_a_planted_line_is_found(line):
    """Each kind of content, planted between innocent lines, is found and alone is shown."""
    log = f'{{"event": "round", "count": 3}}\n{line}\nthe timer ran\n'

    assert leaks(log, ["mole removal"]) == [line]


def test_what_the_product_logs_is_no_leak():
    """Ids, codes and counts are what logs are for."""
    log = '{"event": "round", "tenant": "acme", "calendar": "cal_1", "correlation": "acme~cal_1"}'

    assert leaks(log, ["mole removal"]) == []


PLANTED = """
import logging
from local.host import log
log.start("text")
from shared.observe import hush, note
hush()
logging.getLogger("calbridge").info("Mole removal")
logging.getLogger("httpx").warning("GET /users/ada@acme.example/events")
logging.getLogger("azure.core.pipeline").warning("PUT /Directory('ada@acme.example')")
note("round", count=3)
"""


def test_a_subject_logged_on_purpose_comes_through_the_log():
    """The product's logger, as the local host writes it, hides nothing from the look: a subject
    that is logged is found. What libraries warn of is reduced to who warned.
    """
    ended = subprocess.run(
        [sys.executable, "-c", PLANTED], capture_output=True, text=True, timeout=60, check=True
    )

    assert len(leaks(ended.stdout, ["mole removal"])) == 1
    assert ended.stdout.count('"library.warned"') == 2
    assert '"event": "round"' in ended.stdout
    assert ended.stderr == ""


def test_a_bug_keeps_its_place_and_loses_its_text():
    """What escapes to the host says which error it was, and where; never what about."""
    with pytest.raises(Unexpected) as caught, content_free():
        _fail("Mole removal")

    assert str(caught.value) == "ValueError"
    assert caught.value.__suppress_context__
    assert caught.traceback[-1].name == "_fail"


def test_our_own_errors_lose_what_they_come_from():
    """Their own texts hold no content; that of a cause may."""
    with pytest.raises(Unavailable) as caught, content_free():
        _translate("PUT /Directory('ada@acme.example')")

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def _fail(text):
    raise ValueError(text)


def _translate(text):
    try:
        _fail(text)
    except ValueError as error:
        raise Unavailable(3, "storage does not answer") from error


def test_hushing_twice_says_things_once(caplog):
    """A process that is wired again does not repeat itself."""
    hush()
    hush()
    with caplog.at_level(logging.WARNING):
        logging.getLogger("msal.token_cache").warning("secret")

    assert len(caplog.records) == 1
    assert "secret" not in caplog.text
