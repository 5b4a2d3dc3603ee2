"""How fast each notification endpoint answers, and what Graph does to slow ones."""

from collections import deque
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

Verdict = Literal["fine", "delay", "drop"]

WINDOW = timedelta(minutes=10)
SLOW_SECONDS, SLOW_SHARE = 3, 0.10
VERY_SLOW_SECONDS, VERY_SLOW_SHARE = 9.9, 0.15
ENOUGH_TO_JUDGE = 10


class Endpoints:
    """The scope of a verdict is the host, over all its subscriptions."""

    def __init__(self) -> None:
        self._answers: dict[str, deque[tuple[datetime, float]]] = {}

    def note(self, url: str, seconds: float, at: datetime) -> None:
        self._answers.setdefault(urlsplit(url).netloc, deque()).append((at, seconds))

    def verdict(self, url: str, now: datetime) -> Verdict:
        answers = self._answers.get(urlsplit(url).netloc)
        while answers and now - answers[0][0] > WINDOW:
            answers.popleft()
        if not answers or len(answers) < ENOUGH_TO_JUDGE:
            return "fine"
        if _share(answers, VERY_SLOW_SECONDS) > VERY_SLOW_SHARE:
            return "drop"
        return "delay" if _share(answers, SLOW_SECONDS) > SLOW_SHARE else "fine"


def _share(answers: deque[tuple[datetime, float]], seconds: float) -> float:
    return sum(took >= seconds for _, took in answers) / len(answers)
