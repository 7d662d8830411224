"""Promise: what was kept is there after a crash, a full disk or a compaction; it stays bounded."""

import os
from pathlib import Path

import pytest

from burgee_writer.webhooks.call import Outcome
from burgee_writer.webhooks.judge import added_by, tried_by
from burgee_writer.webhooks.ledger import (
    Again,
    Attempt,
    Checkpoint,
    Delivery,
    DeliveryState,
    Ledger,
    Reached,
    Tried,
)
from burgee_writer.webhooks.line import Line
from burgee_writer.webhooks.settings import WebhookSettings, followed_secrets, parse_secrets
from burgee_writer.webhooks.store import Store
from support.hooked import change, hasty
from support.log_stream import log_stream

URL = "https://hooks.acme.example/in"
SETTINGS = hasty()


def filled(store: Store, count: int, state: DeliveryState = "delivered") -> None:
    for number in range(count):
        added = added_by(change(store.ledger.number + 1, URL), store.ledger, SETTINGS, 5.0)
        assert added is not None
        store.write(added)
        attempt = Attempt(5.0 + number, 0.1, 200, "")
        store.write(Tried(added.deliveries[0].id, attempt, state, 9.0))


def seen(store: Store) -> list[tuple[str, str, int]]:
    return [(each.id, each.state, each.tries) for each in store.ledger.deliveries.values()]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "webhooks")
    assert made.lead()
    return made


def test_another_reads_what_one_writes(tmp_path: Path, store: Store) -> None:
    other = Store(tmp_path / "webhooks")
    assert not other.lead()
    store.write(Reached("a" * 40))
    filled(store, 2)
    other.refresh()
    filled(store, 1)
    other.refresh()
    assert other.ledger.commit == "a" * 40
    assert seen(other) == seen(store)
    store.resign()
    assert other.lead()
    assert seen(other) == seen(store)
    other.resign()


@pytest.mark.parametrize("torn", [b'{"type":"reached","commit":"b', b"{", b"\0" * 100])
def test_a_line_that_was_cut_off_is_none(tmp_path: Path, store: Store, torn: bytes) -> None:
    filled(store, 2)
    store.resign()
    journal = tmp_path / "webhooks" / "journal-0.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + torn)
    other = Store(tmp_path / "webhooks")
    assert other.lead()
    assert journal.read_bytes() == whole
    filled(other, 1)
    other.resign()
    assert len(seen(Store(tmp_path / "webhooks"))) == 3


def test_a_line_that_is_damaged_costs_that_line(tmp_path: Path, store: Store) -> None:
    filled(store, 3)
    store.resign()
    journal = tmp_path / "webhooks" / "journal-0.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[1] = b"x" * 20 + b"\n"
    journal.write_bytes(b"".join(lines))
    with log_stream() as log:
        found = [state for _, state, _ in seen(Store(tmp_path / "webhooks"))]
    assert found == ["pending", "delivered", "delivered"]
    assert "cannot be read" in log.getvalue()


def test_a_full_disk_changes_nothing(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, 1)
    real = os.write

    def full(handle: int, data: bytes) -> int:
        if len(data) < 10:
            raise OSError(28, "No space left on device")
        return real(handle, bytes(data)[:-5])

    before = seen(store)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="space"):
        store.write(Again(before[0][0], 7.0))
    monkeypatch.undo()
    assert seen(store) == before
    filled(store, 1)
    store.resign()
    assert seen(Store(tmp_path / "webhooks"))[:1] == before


def test_compaction_keeps_all_that_waits_and_the_newest_of_the_rest(
    tmp_path: Path, store: Store
) -> None:
    store.write(Reached("a" * 40))
    filled(store, 2, "pending")
    filled(store, 8)
    filled(store, 2, "dead")
    waiting = seen(store)[:2]
    newest = seen(store)[-5:]
    other = Store(tmp_path / "webhooks")
    assert not store.compact(least=10**9, keep=5, keep_bytes=10**9)
    assert store.compact(least=10, keep=5, keep_bytes=10**9)
    assert seen(store) == waiting + newest
    assert len(store.ledger.events) == 7
    assert (store.ledger.commit, store.ledger.number) == ("a" * 40, 12)
    other.refresh()
    assert seen(other) == seen(store)
    filled(store, 1)
    other.refresh()
    assert seen(other) == seen(store)
    assert [path.name for path in (tmp_path / "webhooks").glob("journal-*")] == ["journal-1.jsonl"]
    store.resign()


def test_a_crash_between_checkpoint_and_journal(tmp_path: Path, store: Store) -> None:
    """The old journal is still there, and one of the new generation from long ago."""
    filled(store, 3)
    old = (tmp_path / "webhooks" / "journal-0.jsonl").read_bytes()
    store.compact(least=10, keep=9, keep_bytes=10**9)
    store.resign()
    (tmp_path / "webhooks" / "journal-0.jsonl").write_bytes(old)
    (tmp_path / "webhooks" / "journal-2.jsonl").write_bytes(old)
    other = Store(tmp_path / "webhooks")
    assert other.lead()
    assert seen(other) == seen(store)
    assert [path.name for path in (tmp_path / "webhooks").glob("journal-*")] == ["journal-1.jsonl"]
    other.resign()


def test_the_size_of_what_is_kept_is_bounded() -> None:
    ledger = Ledger(Checkpoint())
    for number in range(50):
        added = added_by(change(number + 1, URL, reason="x" * 1000), ledger, SETTINGS, 5.0)
        assert added is not None
        ledger.apply(added)
        attempt = Attempt(5.0, 0.1, 200, "")
        ledger.apply(Tried(added.deliveries[0].id, attempt, "delivered", 9.0))
    kept = ledger.checkpoint(1, 1000, 20_000)
    assert 5 < len(kept.deliveries) < 20
    assert kept.deliveries[-1].number == 50


def test_too_many_that_wait_are_dead_letters() -> None:
    ledger = Ledger(Checkpoint())
    settings = hasty(most_pending=2)
    for number in range(4):
        added = added_by(change(number + 1, URL), ledger, settings, 5.0)
        assert added is not None
        ledger.apply(added)
    assert [each.state for each in ledger.deliveries.values()] == [
        "pending",
        "pending",
        "dead",
        "dead",
    ]
    assert ledger.pending == {"acme": 2}


def test_what_is_known_is_not_added_again() -> None:
    ledger = Ledger(Checkpoint())
    added = added_by(change(1, URL, URL), ledger, SETTINGS, 5.0)
    assert added is not None
    assert len(added.deliveries) == 1, "one address, one secret, one delivery"
    ledger.apply(added)
    assert added_by(change(1, URL), ledger, SETTINGS, 6.0) is None


def test_delays_grow_to_about_a_day() -> None:
    settings = WebhookSettings()
    exact = [settings.delay(tries, lambda: 0.5) for tries in range(1, settings.most_attempts)]
    assert exact[:4] == [5, 15, 45, 135]
    assert exact == sorted(exact)
    assert max(exact) == settings.longest_delay_seconds
    assert 20 * 3600 < sum(exact) < 30 * 3600
    spread = {settings.delay(3) for _ in range(50)}
    assert len(spread) > 10
    assert all(45 * 0.75 <= each <= 45 * 1.25 for each in spread)


def test_the_last_attempt_is_the_last() -> None:
    settings = hasty(most_attempts=3)
    delivery = Delivery(
        id="d", number=1, event="e", tenant="acme", commit="c", url=URL, secret="s",
        created=0, tries=1,
    )  # fmt: skip
    failed = Outcome(Attempt(0, 0, 500, ""), delivered=False, retry_after=1e9)
    tried = tried_by(delivery, failed, settings, 100.0)
    assert (tried.state, tried.next_at) == ("pending", 100 + settings.longest_delay_seconds)
    last = Delivery(**{name: getattr(delivery, name) for name in delivery.__struct_fields__}
                    | {"tries": 2})  # fmt: skip
    assert tried_by(last, failed, settings, 100.0).state == "dead"


def line_of(*urls: str, tenants: tuple[str, ...] = ("acme",)) -> tuple[Line, Ledger]:
    ledger = Ledger(Checkpoint())
    for tenant in tenants:
        for number in range(3):
            added = added_by(change(number + 1, *urls, tenant=tenant), ledger, SETTINGS, 5.0)
            assert added is not None
            ledger.apply(added)
    return Line(ledger, first_rest=10.0, for_one_tenant=2), ledger


def test_one_call_at_a_time_for_an_address_and_few_for_a_tenant() -> None:
    line, ledger = line_of(*(f"{URL}{n}" for n in range(3)), tenants=("acme", "globex"))
    taken = []
    while (found := line.take(6.0, ledger)) is not None:
        taken.append(found)
    assert sorted((each.tenant, each.number) for each in taken) == [
        ("acme", 1), ("acme", 2), ("globex", 10), ("globex", 11),
    ]  # fmt: skip
    line.done(taken[0], 6.0, failed=False)
    again = line.take(6.0, ledger)
    assert again is not None
    assert again.tenant == taken[0].tenant


def test_an_address_that_fails_rests_for_longer_each_time() -> None:
    line, ledger = line_of(URL)
    now = 6.0
    for rest in (10.0, 20.0, 40.0):
        found = line.take(now, ledger)
        assert found is not None
        line.done(found, now, failed=True)
        assert line.take(now, ledger) is None
        if rest < 40:
            assert line.next_at() == now + rest
        now += rest
    assert line.next_at() is None, "all three are under way, or would be added again"


SECRETS = b"""
secrets:
  - {name: hooks, tenants: [acme], values: [0123456789abcdef0123456789abcdef]}
"""


def test_a_file_of_secrets(tmp_path: Path) -> None:
    path = tmp_path / "secrets.yaml"
    path.write_bytes(SECRETS)
    secret = followed_secrets(path)()["hooks"]
    assert secret.signs_for("acme")
    assert not secret.signs_for("globex")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"secrets: [", "no valid YAML"),
        (b"secrets: 5", "no file of webhook secrets"),
        (SECRETS.replace(b"tenants: [acme], ", b""), "no file of webhook secrets"),
        (SECRETS.replace(b"values: [", b"values: [a, "), "shorter than 32"),
        (SECRETS.replace(b"name: hooks", b"name: a/b"), "no file of webhook secrets"),
        (SECRETS + SECRETS.replace(b"secrets:", b"").lstrip(b"\n"), "there twice"),
    ],
)
def test_a_file_of_secrets_that_is_none(text: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        parse_secrets(text)
    assert "0123456789abcdef" not in str(raised.value)
