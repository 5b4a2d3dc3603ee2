"""JSON merge patch (RFC 7396, section 2)."""

from typing import Any, cast


def merge_patch(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged: dict[str, Any] = {}
    if isinstance(target, dict):
        merged = dict(cast("dict[str, Any]", target))
    for name, value in cast("dict[str, Any]", patch).items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
