"""What the pages of a consent link say, and what they cannot be made to do."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.catalogue import CAUSES, FixedBy
from shared.errors import Problem
from shared.onboarding.pages import (
    Page,
    Visit,
    connected_page,
    landing_page,
    problem_page,
    redirect,
    stopped_page,
)
from shared.onboarding.pages.render import FOLDER
from shared.onboarding.pages.stopped import number_in
from shared.store.records import (
    Connection,
    ConnectionKind,
    ConsentLink,
    LinkState,
    Reach,
    State,
    Tenant,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://sync.example.org/oauth/start?link=acme.abc.signed"
EVIL = '"><script>alert(1)</script>{{ 7 * 7 }}'
ORGANISATION, USER = ConnectionKind.ORGANISATION, ConnectionKind.USER


def visit(kind=USER, name="Acme", product="Striven", policy=None, **link) -> Visit:
    tenant = Tenant("acme", name, State.CONSENT_PENDING, NOW, policy=policy or {})
    alone = kind is ConnectionKind.SERVICE_ACCOUNT
    choices = (kind,) if alone else (USER, ORGANISATION)
    made = ConsentLink("abc", "acme", kind, NOW + timedelta(days=7), choices=choices, **link)
    return Visit(made, tenant, product, URL)


def connection(kind) -> Connection:
    return Connection("c", "acme", kind, State.ACTIVE, NOW, "entra", display_name=EVIL)


def text(page: Page) -> str:
    """What a person reads, without the style and the script."""
    plain = re.sub(r"<(style|script)>.*?</\1>", "", page.html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", plain)).split())


def every_page(shown: Visit) -> list[Page]:
    problems = [problem_page(Problem(code), "ref", URL, shown) for code in CAUSES]
    landings = [landing_page(shown, kind) for kind in (None, *ConnectionKind)]
    ends = [connected_page(connection(kind), shown) for kind in ConnectionKind]
    ends.append(stopped_page(shown, "nonsense"))
    return [*problems, *landings, *ends]


@pytest.mark.parametrize("kind", ConnectionKind)
@pytest.mark.parametrize("reach", Reach)
@pytest.mark.parametrize("state", [LinkState.SEEN, LinkState.SENT, LinkState.WAITING])
def test_the_landing_page_says_what_is_asked_for(kind, reach, state):
    """Who asks, what is read and written, what never is, and until when the link works."""
    told = text(landing_page(visit(kind, reach=reach, state=state)))

    assert "Striven asks to work with your Microsoft 365 calendar" in told
    assert "Acme uses Striven" in told
    assert "mails files contacts passwords" in told
    assert "until Saturday, 28 November 2026, 12:00 (UTC)" in told
    assert ("makes, changes and deletes" in told) == (reach is Reach.READ_WRITE)
    assert ("title, time, place" in told) == (reach in {Reach.READ, Reach.READ_WRITE})


def test_both_choices_say_what_they_do():
    """Before anybody leaves for Microsoft; the likelier choice stands first."""
    for kind, first in ((ORGANISATION, "The whole organisation"), (USER, "Just me")):
        told = text(landing_page(visit(kind)))
        places = sorted((told.index(title), title) for title in ("The whole org", "Just me"))

        assert first.startswith(places[0][1])
        assert "nobody else is asked" in told
        assert "your own calendar only" in told


def test_a_link_that_was_handed_over_puts_its_choice_first():
    """The administrator who gets a colleague's link sees what they were asked for."""
    page = landing_page(visit(USER), ORGANISATION)

    assert page.html.index('id="as-organisation"') < page.html.index('id="as-user"')


def test_a_shared_account_is_a_choice_of_its_own():
    """It is never offered beside the others."""
    page = landing_page(visit(ConnectionKind.SERVICE_ACCOUNT))

    assert re.findall(r'name="as" value="(\w+)"', page.html) == ["service_account"]


def test_who_was_at_microsoft_can_ask_about_its_number():
    """Only then: before it, the question would make nobody wiser."""
    assert 'id="stopped"' not in landing_page(visit(state=LinkState.SEEN)).html
    assert 'id="stopped"' in landing_page(visit(state=LinkState.SENT)).html


@pytest.mark.parametrize(
    ("policy", "told"),
    [({}, "as busy time only"), ({"private_events": "no_content"}, "without its content")],
)
def test_private_items_are_told_of_as_the_policy_is(policy, told):
    """And not at all where content is not read."""
    assert told in text(landing_page(visit(policy=policy)))
    assert told not in text(landing_page(visit(policy=policy, reach=Reach.FREE_BUSY)))


def test_a_tenant_that_passes_everything_on_promises_nothing():
    """Nothing is said of private items that is not so."""
    assert "marks as private" not in text(landing_page(visit(policy={"private_events": "full"})))


def test_the_expected_account_is_told_without_its_address():
    """Whoever got hold of the link does not learn it."""
    told = text(landing_page(visit(expected="megan@contoso.example")))

    assert "m…@contoso.example" in told
    assert "megan@" not in told


def test_a_link_that_mends_names_the_account_that_was_connected():
    """It is meant for an object id, which says nothing to a person; the address that is filled
    in at Microsoft is the same account's. Of other links it may be anybody's.
    """
    meant = {"expected": "6f1b9c", "login_hint": "megan@contoso.example"}

    assert "m…@contoso.example" in text(landing_page(visit(reconnects="c", **meant)))
    assert "meant for" not in text(landing_page(visit(**meant)))


@pytest.mark.parametrize("code", sorted(CAUSES))
def test_every_problem_says_what_who_and_how(code):
    """With somebody else to fix it, there is a text to send that person, with the link in it."""
    cause = CAUSES[code]
    page = problem_page(Problem(code), "the-reference", "", visit())
    told = text(page)

    assert cause.title in told
    assert cause.meaning in told
    assert page.status == cause.status
    assert code in told
    assert "the-reference" in told
    mail = re.search(r'href="(mailto:[^"]+)"', page.html)
    if cause.fixed_by in {FixedBy.TENANT_ADMIN, FixedBy.VENDOR}:
        assert mail
        query = parse_qs(urlsplit(unescape(mail[1])).query)
        assert URL in query["body"][0]
        assert query["subject"][0]


def test_a_missing_agreement_is_asked_of_an_administrator():
    """Their link opens with the right choice, and there is a reason to paste for Microsoft."""
    page = problem_page(Problem("admin-consent-required"), "", "", visit())

    assert f'href="{URL}&amp;as=organisation"' in page.html
    assert 'id="justification"' in page.html
    assert "can be left open" in text(page)


def test_without_a_link_a_problem_is_a_page_still():
    """What is no link leads nowhere, and says so."""
    page = problem_page(Problem("consent-link-unknown"), "ref")

    assert "The consent link is unknown" in text(page)
    assert 'id="again"' not in page.html


def test_nothing_a_visitor_brings_becomes_markup():
    """Names, products and addresses are text, on every page."""
    shown = visit(name=EVIL, product=EVIL, expected=f"a@{EVIL}", return_url=URL)

    for page in every_page(shown):
        assert "<script>alert" not in page.html
        assert "49" not in text(page)


def test_nothing_is_loaded_and_only_our_own_script_runs():
    """The policy names style and script by what is really on the page; no page needs more."""
    for page in every_page(visit()):
        for kind in ("style", "script"):
            (content,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page.html, flags=re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in page.policy
        assert "default-src 'none'" in page.policy
        assert "frame-ancestors 'none'" in page.policy
        assert not re.search(r'(src|href)="(?!https://sync|mailto:|data:,)', page.html)
        assert not re.search(r"<[^>]+ (style|on\w+)=", page.html)


def test_a_form_may_lead_to_microsoft_and_back():
    """Browsers hold a form to its policy through every redirect after it."""
    near = landing_page(visit(return_url="http://localhost:8080/x")).policy

    assert "form-action 'self' https: http://localhost:8080;" in near
    assert "form-action 'self' https:;" in landing_page(visit(return_url=URL)).policy
    assert "form-action 'none'" in problem_page(Problem("unexpected")).policy


def test_a_page_is_neither_kept_nor_told_of():
    """It holds a link that lets whoever has it agree."""
    headers = redirect("https://login.example", "a=b").headers()

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert (headers["Location"], headers["Set-Cookie"]) == ("https://login.example", "a=b")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("AADSTS50105", 50105),
        ("aadsts50105: Your administrator has configured", 50105),
        (" 7000112 ", 7000112),
        ("123", None),
        ("AADSTS", None),
        ("12345678901", None),
        ("", None),
    ],
)
def test_a_number_is_read_as_people_type_it(typed, number):
    """With or without its letters."""
    assert number_in(typed) == number


def _luminance(colour: str) -> float:
    full = colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])
    parts = [int(full[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("ink", "card"),
        ("ink", "tint"),
        ("ink", "ground"),
        ("soft", "card"),
        ("soft", "tint"),
        ("main", "card"),
        ("main", "tint"),
        ("on-main", "main"),
        ("wait", "card"),
        ("stop", "card"),
        ("good", "card"),
    ],
)
def test_every_text_can_be_read(mode, front, back):
    """4.5 to 1 at least (WCAG 2.2, 1.4.3)."""
    themes = re.findall(r":root \{([^}]*)\}", (FOLDER / "page.css").read_text())
    colours = dict(re.findall(r"--([\w-]+): (#\w+)", themes[mode]))
    light, dark = sorted((_luminance(colours[front]), _luminance(colours[back])), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5
