"""What travels through the browser is ours, fresh, this browser's, and good once."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from shared.custody.state import LIFETIME, Errand, Seal, link_name, read_link_name
from shared.errors import Refused
from shared.settings import Secret

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
KEY = Secret("k" * 40)
ERRAND = Errand("user", "acme", "link-1", "t-1")


class Nonces:
    """Burns each nonce once."""

    def __init__(self) -> None:
        self.burnt: dict[str, datetime] = {}

    async def burn(self, nonce: str, until: datetime) -> bool:
        return self.burnt.setdefault(nonce, until) is until


@pytest.fixture
def seal() -> Seal:
    return Seal(KEY, Nonces())


async def test_comes_back(seal):
    """The errand that went out comes back."""
    assert await seal.errand(seal.state(ERRAND, "b", NOW), "b", NOW) == ERRAND


async def test_once(seal):
    """A state brought a second time is refused."""
    state = seal.state(ERRAND, "b", NOW)
    await seal.errand(state, "b", NOW)

    with pytest.raises(Refused) as refused:
        await seal.errand(state, "b", NOW)

    assert refused.value.problem.code == "consent-state-invalid"


async def test_kept_burnt_as_long_as_it_lives():
    """The nonce is remembered until the state has expired anyway."""
    nonces = Nonces()
    seal = Seal(KEY, nonces)

    await seal.errand(seal.state(ERRAND, "b", NOW), "b", NOW)

    assert list(nonces.burnt.values()) == [NOW + LIFETIME]


async def test_another_browser(seal):
    """A state without the cookie of the browser that began is refused, and not used up."""
    state = seal.state(ERRAND, "b", NOW)

    with pytest.raises(Refused):
        await seal.errand(state, "other", NOW)

    assert await seal.errand(state, "b", NOW) == ERRAND


async def test_too_late(seal):
    """Ten minutes are enough for a sign-in; the eleventh is refused."""
    state = seal.state(ERRAND, "b", NOW)

    with pytest.raises(Refused):
        await seal.errand(state, "b", NOW + LIFETIME)

    assert await seal.errand(state, "b", NOW + LIFETIME - timedelta(seconds=1)) == ERRAND


@pytest.mark.parametrize("key", [KEY.reveal(), "another key of at least 32 characters"])
async def test_signed_by_another(seal, key):
    """Neither another key nor the raw signing key makes a state."""
    claims = jwt.decode(seal.state(ERRAND, "b", NOW), options={"verify_signature": False})

    with pytest.raises(Refused):
        await seal.errand(jwt.encode(claims, key, algorithm="HS256"), "b", NOW)


@pytest.mark.parametrize("state", ["", "x", "a.b.c"])
async def test_nonsense(seal, state):
    """What is no state at all is refused like a wrong one."""
    with pytest.raises(Refused):
        await seal.errand(state, "b", NOW)


async def test_unsigned(seal):
    """A state that says it needs no signature is refused."""
    claims = jwt.decode(seal.state(ERRAND, "b", NOW), options={"verify_signature": False})

    with pytest.raises(Refused):
        await seal.errand(jwt.encode(claims, None, algorithm="none"), "b", NOW)


def test_cookie_comes_back(seal):
    """What was sealed in is what is read out, and nobody can read it on the way."""
    cookie = seal.close({"code_verifier": "very-secret"})

    assert seal.open(cookie) == {"code_verifier": "very-secret"}
    assert "very-secret" not in cookie


@pytest.mark.parametrize("cookie", ["", "x", "ä"])
def test_foreign_cookie(seal, cookie):
    """A cookie that is no cookie of this app's is refused."""
    with pytest.raises(Refused):
        seal.open(cookie)


def test_cookie_of_another_app(seal):
    """So is one that was sealed with another key."""
    other = Seal(Secret("o" * 40), Nonces())

    with pytest.raises(Refused):
        seal.open(other.close({}))


def test_a_links_name_is_read_back():
    """Ids may hold what the alphabet of ids allows."""
    assert read_link_name(KEY, link_name(KEY, "acme_1-x", "a-_9")) == ("acme_1-x", "a-_9")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "acme",
        "acme.l1",
        "acme.l1.",
        "acme.l1.é",
        "..",
        link_name(Secret("x" * 40), "acme", "l1"),
        link_name(KEY, "acme", "l1") + "x",
        link_name(KEY, "acme", "l1").replace("acme", "acm2"),
        link_name(KEY, "acme", "l1").replace("l1", "l2"),
        link_name(KEY, "acm", "e.l1"),
    ],
)
def test_a_links_name_of_somebody_else_is_unknown(name):
    """Neither tenant nor link can be changed, nor the border between them be moved."""
    with pytest.raises(Refused) as refused:
        read_link_name(KEY, name)

    assert refused.value.problem.code == "consent-link-unknown"
