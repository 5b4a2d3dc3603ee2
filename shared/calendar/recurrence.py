"""A rule of recurrence as RFC 5545 has it (section 3.3.10), as values."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Frequency(StrEnum):
    SECONDLY = "SECONDLY"
    MINUTELY = "MINUTELY"
    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class Weekday(StrEnum):
    MO = "MO"
    TU = "TU"
    WE = "WE"
    TH = "TH"
    FR = "FR"
    SA = "SA"
    SU = "SU"


@dataclass(frozen=True, slots=True)
class ByDay:
    """`nth` is 0 for every such day, 2 for the second one of the period, -1 for the last."""

    day: Weekday
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """`until` is the last day, included, in the zone of the series; at most one of `until` and
    `count` is set.
    """

    frequency: Frequency
    interval: int = 1
    by_day: tuple[ByDay, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()
    week_start: Weekday = Weekday.MO
    count: int | None = None
    until: date | None = None
