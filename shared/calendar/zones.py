"""Names of time zones: IANA's in the model, Windows' in what is written to Outlook."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from shared.calendar.event import Zoned
from shared.calendar.zones_table import ZONES

_IANA = {name: windows for windows, names in ZONES.items() for name in names.split()}
_LEADING = {windows.lower(): names.split()[0] for windows, names in ZONES.items()}
_SPELLED = {name.lower(): name for name in _IANA}
_OTHER = {"tzone://microsoft/utc": "UTC"}


def is_known(iana: str) -> bool:
    """Whether it is an IANA name, spelled as IANA does, that Outlook has a name for."""
    return iana in _IANA


def windows_name(iana: str) -> str:
    """Raises ValueError for a zone that `is_known` denies."""
    if iana not in _IANA:
        raise ValueError("no Windows zone stands for this name")
    return _IANA[iana]


def iana_name(name: str) -> str | None:
    """Of a Windows, IANA or Microsoft name in any spelling; None for a zone of a mailbox's own."""
    lower = name.strip().lower()
    return _SPELLED.get(lower) or _LEADING.get(lower) or _OTHER.get(lower)


def windows_time(time: Zoned) -> tuple[datetime, str]:
    """The wall time (naive) and Windows zone that mean the same instant in Outlook.

    In UTC where the Windows zone would tell it otherwise: an hour that the end of summer time
    repeats, one that its start leaves out, or a zone whose rules its leading zone does not share.
    """
    instant = time.instant
    if time.zone in _IANA:
        windows = _IANA[time.zone]
        wall = instant.astimezone(ZoneInfo(_LEADING[windows.lower()])).replace(tzinfo=None, fold=0)
        if wall == time.wall and Zoned(wall, time.zone).instant == instant:
            return wall, windows
    return instant.replace(tzinfo=None), "UTC"


def zoned(instant: datetime, iana: str) -> Zoned:
    """The inverse of `Zoned.instant`, also in an hour that is told twice."""
    return Zoned(instant.astimezone(UTC).astimezone(ZoneInfo(iana)).replace(tzinfo=None), iana)
