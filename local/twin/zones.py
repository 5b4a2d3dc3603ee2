"""Zone names as Exchange knows them: Windows names, and the IANA name that leads each of them."""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

_LEADING = set(win_tz.values()) | {"UTC", "Etc/UTC", "Etc/GMT", "Europe/Kyiv", "Asia/Kolkata"}
_UTC_NAMES = {"utc", "tzone://microsoft/utc", "etc/utc", "etc/gmt"}
_WINDOWS = {name.lower(): name for name in win_tz}


@lru_cache(maxsize=1024)
def windows_name(name: str) -> str | None:
    """The Windows name that Exchange stores for a name; None for a name it does not accept."""
    if name.lower() in _UTC_NAMES:
        return "UTC"
    if name.lower() in _WINDOWS:
        return _WINDOWS[name.lower()]
    return tz_win.get(name) if name in _LEADING else None


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The rules of a zone that windows_name accepts."""
    windows = windows_name(name)
    return ZoneInfo(win_tz[windows]) if windows and windows != "UTC" else ZoneInfo("UTC")


def to_utc(local: datetime, zone: str) -> datetime:
    if zone == "UTC":
        return local.replace(tzinfo=UTC)
    return local.replace(tzinfo=zone_of(zone)).astimezone(UTC)


def to_local(moment: datetime, zone: str) -> datetime:
    """Wall clock time of an aware moment in a zone, without tzinfo."""
    if zone == "UTC" and moment.tzinfo is UTC:
        return moment.replace(tzinfo=None)
    return moment.astimezone(zone_of(zone)).replace(tzinfo=None)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall clock
