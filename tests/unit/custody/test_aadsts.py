"""Entra's refusals, each with what it asks for."""

import pytest

from shared.catalogue import CAUSES
from shared.custody import aadsts
from shared.errors import Reconnect, Unavailable

ALL = {*aadsts.CAUSES.values(), *aadsts.WORDS.values(), aadsts.UNEXPLAINED}


@pytest.mark.parametrize("cause", sorted(ALL))
def test_causes_are_in_the_catalogue(cause):
    """Whoever is told a cause can be told what to do about it."""
    assert cause in CAUSES


def test_number_before_word():
    """invalid_grant covers many things; the number tells which."""
    error = aadsts.explain("invalid_grant", "AADSTS50057: The user account is disabled.")

    assert error.cause == "user-disabled"


def test_first_known_number_counts():
    """Numbers nobody knows are passed over."""
    error = aadsts.explain("invalid_grant", "AADSTS999999: AADSTS65001: no consent", [123])

    assert error.cause == "consent-required"


@pytest.mark.parametrize("number", sorted(aadsts.PASSING))
def test_passing_trouble(number):
    """Entra's own trouble asks nobody to act."""
    assert isinstance(aadsts.explain("invalid_grant", f"AADSTS{number}: later"), Unavailable)


def test_loop_asks_for_minutes():
    """Asking at once again is what Entra complains about."""
    assert aadsts.explain("invalid_grant", codes=[50196]).after >= 60


@pytest.mark.parametrize(
    ("word", "cause"),
    [
        ("access_denied", "consent-declined"),
        ("invalid_grant", "sign-in-again"),
        ("interaction_required", "interaction-required"),
        ("something_new", "app-misconfigured"),
    ],
)
def test_words(word, cause):
    """Without a number the word decides."""
    error = aadsts.explain(word, "no number here", trace="t-1")

    assert isinstance(error, Reconnect)
    assert (cause, "t-1") == (error.cause, error.trace)


def test_text_is_not_passed_on():
    """Descriptions name accounts; errors do not."""
    error = aadsts.explain("invalid_grant", "AADSTS50057: ada@contoso.example is disabled")

    assert "ada" not in repr((error, error.args))


def test_each_number_has_one_cause():
    """No number is listed under two of them."""
    listed = [number for numbers in aadsts._NUMBERS.values() for number in numbers]

    assert len(listed) == len(set(listed))
    assert not aadsts.CAUSES.keys() & {*aadsts.PASSING, aadsts.LOOP}


@pytest.mark.parametrize(
    ("word", "cause"),
    [
        ("invalid_grant", "sign-in-unexplained"),
        ("new_word", "sign-in-unexplained"),
        ("access_denied", "consent-declined"),
    ],
)
def test_an_unknown_number_is_kept(word, cause):
    """Nobody knows it, so it is shown: a word that covers many things would hide it."""
    error = aadsts.explain(word, "AADSTS999999: what is this?", trace="t-1")

    assert (error.cause, error.number, error.trace) == (cause, 999999, "t-1")


def test_a_number_from_a_page_is_explained():
    assert aadsts.explain_code(50105).cause == "user-not-assigned"
    assert aadsts.explain_code(123456).number == 123456
    assert isinstance(aadsts.explain_code(90033), Unavailable)
