"""NCRONTAB, and what a timer does when its host starts."""

from datetime import UTC, datetime, timedelta

import pytest

from local.host.errors import Unusable
from local.host.protos import RpcRetryOptions
from local.host.schedule import Schedule
from local.host.timers import NEVER, Status, on_start, retry_delay

NOW = datetime(2026, 3, 4, 10, 7, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 */5 * * * *", "2026-03-04T10:10:00"),
        ("*/5 * * * *", "2026-03-04T10:10:00"),
        ("*/10 * * * * *", "2026-03-04T10:07:40"),
        ("30 7 10 * * *", "2026-03-05T10:07:30"),
        ("0 0 9 * * MON-FRI", "2026-03-05T09:00:00"),
        ("0 0 9 * * 0", "2026-03-08T09:00:00"),
        ("0 0 9 1 Jan,Apr *", "2026-04-01T09:00:00"),
        ("0 0 9 1 * Fri", "2026-05-01T09:00:00"),
        ("0 15-20/5 10 * * *", "2026-03-04T10:15:00"),
    ],
)
def test_next_time(expression, expected):
    """Six fields from seconds, or five from minutes; day and weekday must both match."""
    due = Schedule.parse(expression).after(NOW)

    assert datetime.fromisoformat(expected).replace(tzinfo=UTC) == due


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "00:05:00",
        "@daily",
        "0 0 0 ? * *",
        "0 0 0 L * *",
        "0 61 * * * *",
        "x y z a b c",
        "0 0 0 31 2 *",
    ],
)
def test_what_azure_refuses_is_refused(text):
    """Neither a TimeSpan nor another cron's additions are a schedule here."""
    with pytest.raises(Unusable, match="schedule"):
        Schedule.parse(text)


def test_rapid_is_more_than_once_a_minute():
    assert Schedule.parse("*/30 * * * * *").is_rapid(NOW)
    assert Schedule.parse("0,10 0 * * * *").is_rapid(NOW)
    assert not Schedule.parse("0 * * * * *").is_rapid(NOW)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-04T{text}").replace(tzinfo=UTC)


EVERY_FIVE = Schedule.parse("0 */5 * * * *")


def test_first_start_waits():
    """Nothing is past due when nothing was ever due."""
    status, past_due = on_start(EVERY_FIVE, None, NOW)

    assert Status(NEVER, at("10:10:00"), NOW) == status
    assert not past_due


def test_missed_occurrence_is_past_due():
    stored = Status(at("09:00:00"), at("09:05:00"), at("09:00:00"))

    assert (stored, True) == on_start(EVERY_FIVE, stored, NOW)


def test_occurrence_to_come_is_not_past_due():
    stored = Status(at("10:05:00"), at("10:10:00"), at("10:05:00"))

    assert (stored, False) == on_start(EVERY_FIVE, stored, NOW)


def test_never_run_counts_from_when_it_was_noted():
    stored = Status(NEVER, at("09:05:00"), at("09:01:00"))

    assert (stored, True) == on_start(EVERY_FIVE, stored, NOW)


def test_changed_schedule_is_never_past_due():
    """A Next that does not follow from Last means another schedule wrote it."""
    stored = Status(at("09:00:00"), at("09:30:00"), at("09:00:00"))

    assert (Status(at("09:00:00"), at("10:10:00"), NOW), False) == on_start(
        EVERY_FIVE, stored, NOW
    )


def test_status_reads_what_the_platform_writes():
    """Seven digits of a second, and a year 1 without a zone."""
    text = b'{"Last":"0001-01-01T00:00:00","Next":"2026-03-04T10:10:00+00:00","LastUpdated":"2026-03-04T10:07:30.1234567+00:00"}'

    status = Status.parse(text)

    assert status.last == NEVER
    assert at("10:10:00") == status.next
    assert at("10:07:30.123456") == status.updated


def test_retry_delays():
    """Fixed is fixed; exponential grows from its least to its most."""
    fixed = RpcRetryOptions(3, "fixed_delay", timedelta(seconds=7))
    growing = RpcRetryOptions(
        9, "exponential_backoff", None, timedelta(seconds=1), timedelta(seconds=5)
    )

    assert {7.0} == {retry_delay(fixed, attempt) for attempt in range(3)}
    assert retry_delay(growing, 0) == 1
    assert 1 < retry_delay(growing, 1) < 5
    assert retry_delay(growing, 8) == 5
