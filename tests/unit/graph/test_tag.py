"""The mark that an event is ours."""

from shared.graph.tag import TAG_ID, tag_filter, transaction_id


def test_filter_quotes():
    """A quote in a value cannot end the literal (OData 4.01, 5.1.1.6.1)."""
    assert f"ep/id eq '{TAG_ID}' and ep/value eq 'a/b''c'" in tag_filter("a/b'c")


def test_transaction_id():
    """Retries of one creation share the id; another version or calendar has its own."""
    first = transaction_id("acme", "c1", "order-1", 1)

    assert first == transaction_id("acme", "c1", "order-1", 1)
    assert (
        len(
            {
                first,
                transaction_id("acme", "c1", "order-1", 2),
                transaction_id("acme", "c2", "order-1", 1),
                transaction_id("other", "c1", "order-1", 1),
            }
        )
        == 4
    )
