"""How many mailboxes of a rollout are where. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from shared.store.records import Move, RolloutMailbox


def counted(counts: Mapping[str, int], moves: Sequence[Move]) -> dict[str, int]:
    """What `counts` are after the moves; by stage, and by stage and class where there is one."""
    after = Counter(dict(counts))
    for move in moves:
        if move.old:
            after.subtract(_names(move.old))
        if move.new:
            after.update(_names(move.new))
    return {name: count for name, count in sorted(after.items()) if count}


def _names(mailbox: RolloutMailbox) -> list[str]:
    stage, kind = mailbox.stage.value, mailbox.kind.value
    return [stage, f"{stage}.{kind}"] if kind else [stage]
