import json
import logging

import pytest

from shared.observe import correlated, note


def test_a_note_is_one_line_of_json(caplog):
    """A note carries its event, the fields that have a value, and the correlation around it."""
    with caplog.at_level(logging.INFO, "calbridge"), correlated("c-1"):
        note("round", tenant="acme", count=3, code=None)

    (record,) = caplog.records
    assert json.loads(record.getMessage()) == {
        "event": "round",
        "tenant": "acme",
        "count": 3,
        "correlation": "c-1",
    }


def test_correlation_ends_with_its_work(caplog):
    """Outside, nothing is correlated."""
    with correlated("c-1"):
        pass
    with caplog.at_level(logging.INFO, "calbridge"):
        note("round")

    assert "correlation" not in caplog.text


@pytest.mark.parametrize("field", ["subject", "address", "token", "mailbox", "body"])
def test_what_is_not_listed_cannot_be_logged(field):
    """A field that is not on the list is a bug that shows at once."""
    with pytest.raises(ValueError, match=field):
        note("round", **{field: "x"})
