"""NCRONTAB schedules: when a timer is due. Pure; all times are UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from croniter import CroniterError, croniter

from local.host.errors import Unusable

# croniter knows more than NCRONTAB (@daily, L, #, ?): what Azure would refuse is refused here.
_FIELD = re.compile(r"[0-9A-Za-z*,/-]+")
_DAYS = "(?:SUN|MON|TUE|WED|THU|FRI|SAT|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
_WORD = re.compile(rf"{_DAYS}|[^A-Z]+", re.IGNORECASE)


@dataclass(frozen=True)
class Schedule:
    expression: str

    @classmethod
    def parse(cls, text: str) -> "Schedule":
        """Six fields from seconds to day of week, or five from minutes. Raises Unusable."""
        fields = text.split()
        full = fields if len(fields) == 6 else ["0", *fields]
        if len(full) != 6 or not all(_valid(field) for field in full):
            raise Unusable(f"schedule '{text}' must be six NCRONTAB fields such as 0 */5 * * * *")
        schedule = cls(" ".join(full))
        try:
            schedule.after(datetime.now(UTC))
        except (CroniterError, ValueError) as error:
            raise Unusable(f"schedule '{text}' is never due or not NCRONTAB: {error}") from error
        return schedule

    def after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`. Day and weekday must both match."""
        times = croniter(self.expression, moment, second_at_beginning=True, day_or=False)
        return times.get_next(datetime)

    def is_rapid(self, now: datetime) -> bool:
        """Due more than once a minute somewhere in the next five times."""
        moments = [self.after(now)]
        for _ in range(5):
            moments.append(self.after(moments[-1]))
        gaps = (later - earlier for earlier, later in pairwise(moments))
        return any(gap < timedelta(minutes=1) for gap in gaps)


def _valid(field: str) -> bool:
    return bool(_FIELD.fullmatch(field)) and all(
        _WORD.fullmatch(word) for word in re.split(r"[,/-]", field)
    )
