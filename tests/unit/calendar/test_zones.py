from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.zones import TABLE, table
from shared.calendar.zones import iana_name, is_known, windows_name, windows_time, zoned
from shared.calendar.zones_table import ZONES
from tests.unit.calendar.strategies import instants, wall

EVERY_ZONE = sorted(name for names in ZONES.values() for name in names.split())


def test_the_table_is_the_generated_one():
    """Nobody edited it, and the mapping it comes from has not moved on."""

    assert table() == TABLE.read_text(encoding="utf-8")


@pytest.mark.parametrize("windows", sorted(ZONES))
def test_a_windows_name_survives_iana_and_back(windows):
    """Whatever zone Outlook names, writing it again names the same."""

    assert windows == windows_name(iana_name(windows) or "")


@pytest.mark.parametrize("iana", EVERY_ZONE)
def test_every_zone_of_the_table_exists(iana):
    """Each is known, and its rules are at hand."""

    assert is_known(iana)
    assert ZoneInfo(iana).key == iana


def test_a_zone_stands_for_one_windows_zone():
    """No IANA name is listed twice."""

    assert len(EVERY_ZONE) == len(set(EVERY_ZONE))


@pytest.mark.parametrize(
    ("iana", "name"),
    [
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("Europe/Berlin", "w. europe standard time"),
        ("Europe/Paris", "Romance Standard Time"),
        ("Europe/Amsterdam", "Europe/Amsterdam"),
        ("Europe/Amsterdam", "europe/amsterdam"),
        ("UTC", "UTC"),
        ("UTC", "utc"),
        ("UTC", "tzone://Microsoft/Utc"),
        (None, "tzone://Microsoft/Custom"),
        (None, "Customized Time Zone"),
        (None, ""),
        (None, "../../etc/passwd"),
    ],
)
def test_names_from_outlook_become_iana_names(iana, name):
    """A zone of the mailbox's own making has none."""

    assert iana == iana_name(name)


@pytest.mark.parametrize(
    "name", ["", "Berlin", "europe/berlin", "W. Europe Standard Time", "Antarctica/Troll"]
)
def test_a_zone_outlook_cannot_name_is_not_known(name):
    """`windows_name` raises rather than guess."""

    assert not is_known(name)
    with pytest.raises(ValueError, match="no Windows zone"):
        windows_name(name)


def instant_in_outlook(time: datetime, windows: str) -> datetime:
    """As Exchange reads it: the zone's leading rules, the first pass of a repeated hour."""
    leading = ZoneInfo(ZONES[windows].split()[0])
    return time.replace(tzinfo=leading, fold=0).astimezone(UTC)


@given(instants, st.sampled_from(EVERY_ZONE))
def test_outlook_is_told_the_instant_that_is_meant(instant, iana):
    """In any zone, in the hour that is told twice, and where two zones share a Windows name."""
    time = zoned(instant, iana)

    assert time.instant == instant
    assert instant == instant_in_outlook(*windows_time(time))


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.integers(0, 365 * 48),
)
def test_a_wall_time_that_does_not_exist_is_read_with_the_offset_before(iana, half_hours):
    """RFC 5545, section 3.3.5; Outlook is told the instant, however the wall time came about."""
    time = wall("2026-01-01T00:00", iana)
    time = type(time)(time.wall + timedelta(minutes=30 * half_hours), iana)

    assert time.instant == instant_in_outlook(*windows_time(time))


def test_an_ordinary_time_keeps_its_zone():
    """A person sees the meeting in the zone it was made in."""
    time = wall("2026-11-23T10:00", "Europe/Amsterdam")

    assert windows_time(time) == (time.wall, "W. Europe Standard Time")


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        (wall("2026-03-29T02:30"), "2026-03-29T01:30"),
        (wall("2026-10-25T02:30", fold=1), "2026-10-25T01:30"),
        (wall("2026-07-01T10:00", "Antarctica/Troll"), "2026-07-01T08:00"),
        (wall("2026-07-01T10:00", "Antarctica/Vostok"), "2026-07-01T05:00"),
    ],
)
def test_a_time_windows_would_tell_otherwise_goes_in_utc(time, utc):
    """Left out, repeated, unnamed, or in a zone whose Windows zone has other rules."""

    assert windows_time(time) == (datetime.fromisoformat(utc), "UTC")
