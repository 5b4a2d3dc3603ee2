"""Records as rows and back, and rows as transactions: values only."""

import json
import random
from dataclasses import MISSING, fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.store.keys import escape, minute
from shared.store.records import CalendarKey, Lease, Link, Mark, Settlement
from shared.store.rows import CHUNK, Found, record_of, row_of
from shared.store.settlement import writes
from shared.store.shelves import Shelf
from shared.store.transaction import (
    FULL_BYTES,
    MOST_BYTES,
    MOST_ROWS,
    Group,
    Write,
    delete,
    packed,
)

from . import examples
from .examples import KEY, NOW

COMPLETE = [
    examples.tenant(),
    examples.connection(),
    examples.calendar(),
    examples.link(),
    examples.pending(),
    examples.operation(),
    examples.change(),
    Shelf((examples.copy("ev1"), examples.copy())),
    examples.kept(),
    examples.endpoint(),
    examples.consent_link(),
    examples.receipt(),
    examples.part(),
    Lease(KEY, "w1", NOW, "", settled=3),
    Mark(KEY, NOW, (("ev1", "a"), ("ev2", "b")), (examples.TRACE,)),
]
REFUSED = set("/\\#?'%+")


def kept(record: Any) -> Any:
    """The record as a table gives it back."""
    return record_of(type(record), Found(row_of(record, "p", "r"), "row's etag"))


class TestRows:
    @pytest.mark.parametrize("record", COMPLETE, ids=lambda record: type(record).__name__)
    def test_a_record_survives(self, record: Any):
        """All of it, but for the row's etag in place of none."""
        found = kept(record)

        with_etag = getattr(record, "etag", None) == ""
        assert found == (replace(record, etag="row's etag") if with_etag else record)

    @pytest.mark.parametrize("record", COMPLETE, ids=lambda record: type(record).__name__)
    def test_a_field_that_an_older_row_lacks_has_its_default(self, record: Any):
        """So that a release may add fields."""
        row = row_of(record, "p", "r")
        late = [f for f in fields(record) if f.default is not MISSING and f.name != "etag"]
        names = {name for f in late for name in (f.name, f"{f.name}_0")}
        older = {name: value for name, value in row.items() if name not in names}

        found = record_of(type(record), Found(older, ""))

        assert {f.name: f.default for f in late} == {f.name: getattr(found, f.name) for f in late}

    def test_no_property_is_larger_than_storage_takes(self):
        """64 KiB each, 252 of them, 1 MiB in all, for contents that do not compress."""
        large = examples.event(
            "Large", "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(90_000))
        )
        row = row_of(replace(examples.link(), app=large, base=large, outlook=large), "p", "r")

        sizes = [len(value) for value in row.values() if isinstance(value, bytes)]
        assert max(sizes) == CHUNK
        assert len(row) < 252
        assert sum(sizes) < 1_000_000
        assert row_survives(large)

    @given(st.text(st.characters(codec=None), max_size=60), st.integers(-(2**63), 2**63 - 1))
    def test_any_text_and_number_survives(self, text: str, number: int):
        link = replace(examples.link(), organizer=text, revision=number)
        data = replace(examples.change(), data={text: [text, number]})

        assert kept(link) == replace(link, etag="row's etag")
        assert kept(data) == data

    @given(st.integers(0, 3 * CHUNK))
    def test_any_length_survives(self, length: int):
        """Whatever it is compressed to: one property, or several."""
        text = random.Random(length).randbytes(length // 2).hex()
        link = replace(examples.link(), organizer=text)

        assert kept(link).organizer == text


def row_survives(event: Any) -> bool:
    link: Link = kept(replace(examples.link(), app=event))
    return link.app == event


class TestKeys:
    @given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
    def test_names_stay_apart_and_harmless(self, one: str, other: str):
        assert (escape(one) == escape(other)) == (one == other)
        assert escape(one).isascii()
        assert escape(one).isprintable()
        assert REFUSED.isdisjoint(escape(one))

    def test_names_the_api_allows_stay_as_they_are(self):
        assert escape("Az09._:~@-") == "Az09._:~@-"

    @given(st.integers(0, 10_000_000))
    def test_a_minute_is_rounded_up_by_less_than_one(self, milliseconds: int):
        at = NOW + timedelta(milliseconds=milliseconds)

        assert timedelta(0) <= minute(at) - at < timedelta(minutes=1)
        assert minute(minute(at)) == minute(at)

    @pytest.mark.parametrize("text", ["", "acme", "~x", "acme~", "a~b~c"])
    def test_a_key_of_another_form_is_refused(self, text: str):
        with pytest.raises(ValueError, match="tenant~calendar"):
            CalendarKey.parse(text)


def group(name: str, rows: int, size: int = 0) -> Group:
    content = {"content": b"x" * size} if size else {}
    return Group(
        [
            Write("upsert", {"PartitionKey": "p", "RowKey": f"{name}-{n}"} | content)
            for n in range(rows)
        ]
    )


class TestPacking:
    @given(st.lists(st.integers(1, MOST_ROWS - 1), max_size=40))
    def test_groups_stay_whole_and_in_order(self, sizes: list[int]):
        groups = [group(f"g{n}", size) for n, size in enumerate(sizes)]

        batches = list(packed(groups))

        assert [g for batch in batches for g in batch] == groups
        assert all(sum(len(g.writes) for g in batch) < MOST_ROWS for batch in batches)

    @given(st.lists(st.integers(1, MOST_BYTES // 2), max_size=20))
    def test_a_transaction_ends_before_it_is_too_large(self, sizes: list[int]):
        """A group that alone is larger than a transaction should be has one of its own."""
        groups = [group(f"g{n}", 1, size) for n, size in enumerate(sizes)]

        for batch in packed(groups):
            size = sum(g.size for g in batch)
            assert size <= FULL_BYTES or len(batch) == 1

    def test_a_row_is_written_once_in_a_transaction(self):
        assert [len(batch) for batch in packed([group("a", 2), group("b", 1), group("a", 1)])] == [
            2,
            1,
        ]

    @given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 30_000)), max_size=60))
    def test_a_row_that_groups_share_counts_once_and_with_all_they_add(
        self, these: list[tuple[str, int]]
    ):
        was = dict.fromkeys("abcdef", 400000)
        groups = [Group([], {name: was[name]}, more) for name, more in these]

        batches = list(packed(groups))

        assert [g for batch in batches for g in batch] == groups
        for batch in batches:
            rows = {name for g in batch for name in g.shared}
            size = sum(was[name] for name in rows) + sum(g.growth for g in batch)
            assert size <= MOST_BYTES
            assert sum(g.growth for g in batch) <= FULL_BYTES

    def test_many_groups_that_share_few_rows_are_one_transaction(self):
        groups = [Group([], {f"k{n % 16}": 5_000}, 500) for n in range(1000)]

        assert len(list(packed(groups))) == 1

    def test_what_fits_in_no_transaction_is_refused(self):
        with pytest.raises(ValueError, match="too many or too large"):
            list(packed([group("a", MOST_ROWS)]))
        with pytest.raises(ValueError, match="too many or too large"):
            list(packed([group("a", 1, MOST_BYTES)]))

    def test_a_write_is_never_larger_than_estimated(self):
        """As JSON in a batch, with 1 KB of envelope."""
        for record in COMPLETE:
            [write] = writes("p", Settlement(changes=(examples.change(),)), 0)
            write = replace(write, row=row_of(record, "p", "r"))
            row = {name: plain(value) for name, value in write.row.items()}

            assert write.size >= len(json.dumps(row)) + 1000

    def test_a_row_that_is_to_go_and_to_stay_stays(self):
        """One settlement that forgets a link and links its event anew."""
        forgotten, link = examples.link("a1", etag="e"), examples.link("a2")

        rows = {w.name: w.verb for w in writes("p", Settlement(forget=forgotten, link=link), 0)}

        assert sorted(rows.values()) == ["create", "delete", "upsert"]

    def test_a_deletion_without_etag_is_lenient(self):
        assert delete("p", "r").lenient
        assert not delete("p", "r", "etag").lenient


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "x" * (-(-len(value) // 3) * 4)
    return value if isinstance(value, str | bool) else str(value)
