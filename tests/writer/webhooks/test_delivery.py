"""Promise: each change reaches each target once at least, signed, whatever the target does first;
what cannot be delivered is kept as a dead letter that can be sent again."""

import json
import time
from pathlib import Path

import pytest

from burgee_writer.webhooks.change import Entity, Target
from burgee_writer.webhooks.deliver import Webhooks
from burgee_writer.webhooks.ledger import Delivery
from burgee_writer.webhooks.settings import WebhookSecret
from support.hooked import ALL, SECRET, ListedChanges, hasty, is_signed, running
from support.log_stream import log_stream
from support.scripted_server import Asked, Reply, scripted_server
from support.waiting import until


def logged(hooks: Webhooks, tenant: str = "acme") -> list[Delivery]:
    return list(hooks.log(tenant, limit=100).deliveries)


def all_are(hooks: Webhooks, state: str, count: int = 1) -> bool:
    found = logged(hooks)
    return len(found) == count and all(each.state == state for each in found)


def test_a_change_is_told_signed_and_logged(tmp_path: Path) -> None:
    changes = ListedChanges()
    with scripted_server() as receiver, running(tmp_path, changes) as hooks:
        change = changes.add(f"{receiver.url}/in?a=b", action="flag.state", reason="incident 7")
        hooks.wake()
        until(lambda: all_are(hooks, "delivered"), "a delivery")
        (asked,) = receiver.asked
        (delivery,) = logged(hooks)
        figures = hooks.figures()
    assert (asked.method, asked.path) == ("POST", "/in?a=b")
    assert asked.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert asked.headers["content-type"] == "application/json"
    assert is_signed(asked)
    assert not is_signed(asked, "another secret, and as long as that")
    seconds = int(asked.headers["burgee-signature"].partition(",")[0].removeprefix("t="))
    assert abs(seconds - time.time()) < 60
    assert asked.json() == {
        "id": asked.headers["burgee-event-id"],
        "type": "changed",
        "tenant": "acme",
        "commit": change.commit,
        "previous_commit": change.previous_commit,
        "time": "2026-09-21T14:13:20.000001Z",
        "entities": [{"entity": "flag", "key": "checkout"}],
        "actor": "ann",
        "action": "flag.state",
        "reason": "incident 7",
    }
    assert asked.headers["burgee-delivery-id"] == delivery.id
    assert [each.status for each in delivery.attempts] == [200]
    assert (figures.delivered, figures.failed, figures.dead, figures.pending) == (1, 0, 0, 0)


def test_what_was_there_before_the_first_start_is_not_told(tmp_path: Path) -> None:
    changes = ListedChanges()
    with scripted_server() as receiver:
        changes.add(receiver.url)
        with running(tmp_path, changes):
            later = changes.add(receiver.url)
            until(lambda: receiver.asked, "a call")
        assert [each.json()["commit"] for each in receiver.asked] == [later.commit]


def test_what_came_while_nobody_ran_is_told(tmp_path: Path) -> None:
    changes = ListedChanges()
    with scripted_server() as receiver:
        with running(tmp_path, changes) as hooks:
            changes.add(receiver.url)
            until(lambda: all_are(hooks, "delivered"), "a delivery")
        made = [changes.add(receiver.url).commit for _ in range(3)]
        with running(tmp_path, changes) as hooks:
            until(lambda: all_are(hooks, "delivered", 4), "the others")
        assert [each.json()["commit"] for each in receiver.asked][1:] == made


def test_a_receiver_that_fails_at_first_gets_the_same_again(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(200 if len(receiver.asked) > 3 else 500, b"not\x1b[31m now\n")

    changes = ListedChanges()
    with scripted_server(answer) as receiver, running(tmp_path, changes) as hooks:
        changes.add(receiver.url)
        until(lambda: all_are(hooks, "delivered"), "a delivery")
        (delivery,) = logged(hooks)
        figures = hooks.figures()
    assert [each.status for each in delivery.attempts] == [500, 500, 500, 200]
    assert delivery.attempts[0].text == "not [31m now"
    assert (figures.delivered, figures.failed, figures.dead) == (1, 3, 0)
    first, *others = receiver.asked
    assert all(is_signed(each) for each in receiver.asked)
    for each in others:
        assert each.body == first.body
        for name in ("burgee-event-id", "burgee-delivery-id"):
            assert each.headers[name] == first.headers[name]


def test_a_dead_letter_is_kept_and_can_be_sent_again(tmp_path: Path) -> None:
    changes = ListedChanges()
    with (
        log_stream() as log,
        scripted_server(lambda _: Reply(503)) as receiver,
        running(tmp_path, changes, hasty(most_attempts=3)) as hooks,
    ):
        changes.add(receiver.url)
        until(lambda: all_are(hooks, "dead"), "a dead letter")
        (dead,) = hooks.log("acme", limit=10, state="dead").deliveries
        assert len(receiver.asked) == 3
        receiver.answer = lambda _: Reply(204)
        assert not hooks.redeliver("globex", dead.id), "another tenant's"
        assert not hooks.redeliver("acme", "dlv_" + "0" * 32)
        assert not hooks.redeliver("acme", "../../etc/passwd")
        assert hooks.redeliver("acme", dead.id)
        until(lambda: all_are(hooks, "delivered"), "a delivery")
        assert hooks.figures().dead == 1
    assert len(receiver.asked) == 4
    warned = [json.loads(each) for each in log.getvalue().splitlines() if "warning" in each]
    assert [(each["tries"], each["status"]) for each in warned] == [(1, 503), (2, 503), (3, 503)]
    assert ["again" in each["message"] for each in warned] == [True, True, False]
    assert SECRET not in log.getvalue()


def test_gone_is_final(tmp_path: Path) -> None:
    changes = ListedChanges()
    with (
        scripted_server(lambda _: Reply(410)) as receiver,
        running(tmp_path, changes) as hooks,
    ):
        changes.add(receiver.url)
        until(lambda: all_are(hooks, "dead"), "a dead letter")
    assert len(receiver.asked) == 1


def test_a_receiver_may_ask_for_more_time(tmp_path: Path) -> None:
    changes = ListedChanges()
    with (
        scripted_server(lambda _: Reply(429, headers={"Retry-After": "900"})) as receiver,
        running(tmp_path, changes) as hooks,
    ):
        changes.add(receiver.url)
        until(lambda: logged(hooks) and logged(hooks)[0].attempts, "a call")
        (delivery,) = logged(hooks)
    assert delivery.state == "pending"
    assert 800 < delivery.next_at - delivery.attempts[0].at < 1000


def test_a_hanging_receiver_holds_up_nobody_and_is_given_up(tmp_path: Path) -> None:
    changes = ListedChanges()
    settings = hasty(total_seconds=0.3, most_attempts=2)
    with (
        scripted_server(lambda _: Reply(raw=b"HTTP/1.1 200 OK\r\n", hang=True)) as hanging,
        scripted_server() as good,
        running(tmp_path, changes, settings) as hooks,
    ):
        for _ in range(3):
            changes.add(hanging.url, good.url)
        until(lambda: len(good.asked) == 3, "the good one hears of all")
        until(lambda: len(hooks.log("acme", limit=9, state="dead").deliveries) == 3, "the others")
        dead = hooks.log("acme", limit=1, state="dead").deliveries[0]
    assert dead.attempts[0].text == "no answer within 0.3 s"
    assert dead.attempts[0].seconds < 2


def test_only_what_a_target_asked_for(tmp_path: Path) -> None:
    changes = ListedChanges()
    with scripted_server() as receiver, running(tmp_path, changes) as hooks:
        target = Target(receiver.url, "hooks", ("segment",))
        changes.add(targets=(target,))
        vip = Entity("segment", "vip")
        changes.add(targets=(target, target), entities=(Entity("flag", "a"), vip))
        until(lambda: all_are(hooks, "delivered"), "a delivery")
    assert [each.json()["entities"][1]["key"] for each in receiver.asked] == ["vip"]


def test_a_tenant_cannot_sign_with_anothers_secret(tmp_path: Path) -> None:
    changes = ListedChanges()
    with scripted_server() as receiver, running(tmp_path, changes) as hooks:
        changes.add(tenant="globex", targets=(Target(receiver.url, "hooks", ALL),))
        changes.add(targets=(Target(receiver.url, "nothing", ALL),))
        until(lambda: all_are(hooks, "dead"), "a dead letter")
        until(lambda: logged(hooks, "globex")[0].state == "dead", "another one")
        text = "the writer's settings have no such secret for this tenant"
        assert [each.text for each in logged(hooks, "globex")[0].attempts] == [text]
    assert receiver.asked == []


def test_two_values_of_a_secret_both_sign(tmp_path: Path) -> None:
    older = "what the secret was until yesterday"
    secrets = {"hooks": WebhookSecret("hooks", ("*",), (SECRET, older))}
    changes = ListedChanges()
    with (
        scripted_server() as receiver,
        running(tmp_path, changes, hasty(secrets=lambda: secrets)),
    ):
        changes.add(receiver.url)
        until(lambda: receiver.asked, "a call")
    assert is_signed(receiver.asked[0], SECRET)
    assert is_signed(receiver.asked[0], older)


def test_a_long_list_is_cut_and_says_so(tmp_path: Path) -> None:
    changes = ListedChanges()
    with scripted_server() as receiver, running(tmp_path, changes):
        changes.add(receiver.url, entities=tuple(Entity("flag", f"f{n:04}") for n in range(1234)))
        until(lambda: receiver.asked, "a call")
    body = receiver.asked[0].json()
    assert (len(body["entities"]), body["more_entities"]) == (1000, 234)


def test_pages_of_the_log(tmp_path: Path) -> None:
    changes = ListedChanges()
    with scripted_server() as receiver, running(tmp_path, changes) as hooks:
        made = [changes.add(receiver.url).commit for _ in range(7)]
        until(lambda: all_are(hooks, "delivered", 7), "the deliveries")
        cursor, found, sizes = None, [], []
        while True:
            page = hooks.log("acme", limit=3, cursor=cursor)
            found += [each.commit for each in page.deliveries]
            sizes.append(len(page.deliveries))
            cursor = page.cursor
            if cursor is None:
                break
        assert found == made[::-1]
        assert sizes == [3, 3, 1]
        assert hooks.log("globex", limit=3).deliveries == ()
        for bad in ("", "x", "-1", "٣", "9" * 40):
            with pytest.raises(ValueError, match="cursor"):
                hooks.log("acme", limit=3, cursor=bad)


def test_a_rewritten_branch_goes_on_from_its_tip(tmp_path: Path) -> None:
    changes = ListedChanges()
    with (
        log_stream() as log,
        scripted_server() as receiver,
        running(tmp_path, changes) as hooks,
    ):
        changes.add(receiver.url)
        until(lambda: all_are(hooks, "delivered"), "a delivery")
        changes.commits, changes.first = [], "f" * 40
        until(lambda: '"commit":"' + "f" * 40 in journal(tmp_path), "the tip is taken note of")
        changes.add(receiver.url, commit="a" * 40)
        until(lambda: all_are(hooks, "delivered", 2), "a delivery")
    assert "the branch was rewritten" in log.getvalue()
    assert [each.json()["commit"] for each in receiver.asked][1:] == ["a" * 40]


def test_a_branch_that_is_away_for_a_while(tmp_path: Path) -> None:
    """What was before is not told again, not even what was before the first start."""
    changes, looked = ListedChanges(), list[str]()
    with scripted_server() as receiver:
        changes.add(receiver.url)
        with running(tmp_path, changes, hasty(keep=1)) as hooks:
            changes.add(receiver.url)
            until(lambda: all_are(hooks, "delivered"), "a delivery")
            changes.away = looked.append
            until(lambda: len(looked) > 2, "it is missed")
            changes.away = None
            last = changes.add(receiver.url)
            until(lambda: len(receiver.asked) > 1, "what is new")
        assert [each.json()["commit"] for each in receiver.asked][1:] == [last.commit]


def journal(folder: Path) -> str:
    return (folder / "webhooks" / "journal-0.jsonl").read_text(encoding="utf-8")


def test_secrets_are_not_kept_in_the_state(tmp_path: Path) -> None:
    changes = ListedChanges()
    with scripted_server() as receiver, running(tmp_path, changes) as hooks:
        changes.add(receiver.url)
        until(lambda: all_are(hooks, "delivered"), "a delivery")
    folder = tmp_path / "webhooks"
    assert folder.stat().st_mode & 0o077 == 0
    for path in folder.iterdir():
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()
            assert path.stat().st_mode & 0o077 == 0
    assert all(json.loads(line) for line in journal(tmp_path).splitlines())
