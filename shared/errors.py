"""Errors, named by the remedy.

CalbridgeError
├── TryAgain(after)         the same thing later may work; the queue waits, not the process
│   ├── Throttled           Microsoft asked for patience
│   ├── Unavailable         an outside service did not answer, or not sensibly
│   └── Contended           another worker was faster; look again
├── Resync                  the delta link is dead; a round from scratch is due
├── Reconnect(cause)        a person must act; `cause` is a code of the catalogue
├── Rejected(problem)       this change will never be accepted; report it, go on with the others
└── Refused(problem)        the caller may not, or sent nonsense

A 404 of an event is no error but a side (`Gone`). Foreign errors are translated once, at the
border they come in by; anything else is a bug, is not caught, and rings an alert.
No text of these errors carries tokens, addresses or subjects.
"""

from dataclasses import dataclass, field


class CalbridgeError(Exception):
    pass


class TryAgain(CalbridgeError):
    """`after` is in seconds; 0 means at once."""

    def __init__(self, after: float = 0, reason: str = "") -> None:
        super().__init__(reason or type(self).__name__)
        self.after = after


class Throttled(TryAgain):
    pass


class Unavailable(TryAgain):
    pass


class Contended(TryAgain):
    pass


class Resync(CalbridgeError):
    pass


class Reconnect(CalbridgeError):
    """`cause` is a code in `catalogue.CAUSES`; `trace` is Microsoft's correlation id and `number`
    that of its AADSTS error, if any.
    """

    def __init__(self, cause: str, trace: str = "", number: int = 0) -> None:
        super().__init__(cause)
        self.cause = cause
        self.trace = trace
        self.number = number


@dataclass(frozen=True, slots=True)
class Problem:
    """What RFC 9457 calls problem details; `code` is a code in `catalogue.CAUSES`.

    `pointer` is a JSON pointer into the caller's body (RFC 6901), "" where none applies.
    """

    code: str
    detail: str = ""
    pointer: str = ""
    extra: dict[str, str | int | float] = field(default_factory=dict[str, str | int | float])


class Rejected(CalbridgeError):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Refused(CalbridgeError):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem
