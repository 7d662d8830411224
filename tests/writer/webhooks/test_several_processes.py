"""Promise: of several processes one delivers; where it is killed another goes on, and nothing that
was committed is lost, whatever moment it was."""

import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from burgee_writer.webhooks.deliver import Webhooks
from support.flag_repository import FlagRepository
from support.hook_process import hook_process
from support.hooked import ListedChanges, hasty, is_signed
from support.scripted_server import Asked, Reply, ScriptedServer, scripted_server
from support.waiting import until


def repository(folder: Path, receiver: ScriptedServer) -> FlagRepository:
    hooks = f"webhooks: [{{url: '{receiver.url}/in', secret: hooks}}]\n"
    made = FlagRepository(folder / "flags", {"acme/tenant.yaml": hooks})
    made.commit({"flags/a.yaml": "default: off\n"})
    return made


def begun(state: Path) -> Callable[[], bool]:
    def look() -> bool:
        return any(path.stat().st_size for path in (state / "webhooks").glob("journal-*.jsonl"))

    return look


def commits(receiver: ScriptedServer) -> list[str]:
    return [each.json()["commit"] for each in receiver.asked]


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def test_who_is_killed_in_the_middle_of_a_call_is_followed_by_another(tmp_path: Path) -> None:
    held: list[str] = []

    def answer(asked: Asked) -> Reply:
        held.append(asked.headers["burgee-delivery-id"])
        return Reply(hang=len(held) == 1, raw=b"" if len(held) == 1 else None)

    with scripted_server(answer) as receiver, ExitStack() as stack:
        flags = repository(tmp_path, receiver)
        first = stack.enter_context(hook_process(flags.root, tmp_path / "state"))
        until(begun(tmp_path / "state"), "a start")
        stack.enter_context(hook_process(flags.root, tmp_path / "state"))
        commit = flags.commit({"flags/a.yaml": "default: on\n"})
        until(lambda: held, "a call")
        kill(first)
        until(lambda: len(held) == 2, "the other's call")
        later = flags.commit({"flags/b.yaml": "default: on\n"})
        until(lambda: len(held) == 3, "the next one")
        assert commits(receiver) == [commit, commit, later]
        assert held[0] == held[1]
        assert all(map(is_signed, receiver.asked))


def test_killed_at_any_moment_nothing_is_lost(tmp_path: Path) -> None:
    """Commits go on while one process after the other is killed: all are told, most once."""
    chance = random.Random(5)
    with scripted_server() as receiver:
        flags = repository(tmp_path, receiver)
        made: list[str] = []
        with hook_process(flags.root, tmp_path / "state"):
            until(begun(tmp_path / "state"), "a start")
        for number in range(4):
            with hook_process(flags.root, tmp_path / "state", compact_bytes=500) as process:
                for step in range(4):
                    text = f"default: off\n# {number}.{step}\n"
                    made.append(flags.commit({"flags/a.yaml": text}))
                time.sleep(chance.random() * 0.08)
                kill(process)
        with hook_process(flags.root, tmp_path / "state"):
            until(lambda: set(commits(receiver)) == set(made), "all are told")
        assert len(receiver.asked) <= len(made) + 4 * 4
        ids = {each.headers["burgee-delivery-id"] for each in receiver.asked}
        assert len(ids) == len(made)


def test_one_of_several_delivers_and_all_can_be_asked(tmp_path: Path) -> None:
    changes = ListedChanges()
    with scripted_server() as receiver:
        all_of_them = [Webhooks(hasty(), tmp_path, changes=changes) for _ in range(3)]
        for each in all_of_them:
            each.start()
        try:
            until(lambda: sum(each.figures().leads for each in all_of_them) == 1, "one leads")
            until(begun(tmp_path), "a start")
            made = [changes.add(receiver.url).commit for _ in range(5)]
            for hooks in all_of_them:
                until(
                    lambda hooks=hooks: (  # type: ignore[misc]
                        len(hooks.log("acme", limit=9, state="delivered").deliveries) == 5
                    ),
                    "it sees them delivered",
                )
            assert commits(receiver) == made
            follower = next(each for each in all_of_them if not each.figures().leads)
            again = follower.log("acme", limit=9).deliveries[-1]
            assert follower.redeliver("acme", again.id)
            until(lambda: len(receiver.asked) == 6, "it is told again")
            assert receiver.asked[-1].headers["burgee-delivery-id"] == again.id
            leader = next(each for each in all_of_them if each.figures().leads)
            leader.stop()
            until(lambda: sum(each.figures().leads for each in all_of_them) == 1, "another leads")
            changes.add(receiver.url)
            until(lambda: len(receiver.asked) == 7, "it is told by another")
        finally:
            for each in all_of_them:
                each.stop()


def test_stopping_takes_no_longer_than_a_moment(tmp_path: Path) -> None:
    """A call under way is broken off, is no failure, and is made by the next process."""
    changes = ListedChanges()
    with scripted_server(lambda _: Reply(raw=b"", hang=True)) as receiver:
        hooks = Webhooks(hasty(total_seconds=30), tmp_path, changes=changes)
        hooks.start()
        until(begun(tmp_path), "a start")
        changes.add(receiver.url)
        until(lambda: receiver.asked, "a call")
        began = time.monotonic()
        hooks.stop()
        assert time.monotonic() - began < 2
        (found,) = hooks.log("acme", limit=1).deliveries
        assert (found.state, found.attempts) == ("pending", ())
        receiver.answer = lambda _: Reply()
        after = Webhooks(hasty(), tmp_path, changes=changes)
        after.start()
        try:
            until(lambda: after.log("acme", limit=1, state="delivered").deliveries, "it is told")
        finally:
            after.stop()


def test_who_lost_the_folder_lets_go(tmp_path: Path) -> None:
    """A state folder that was thrown away and made again has one leader, not two."""
    changes = ListedChanges()
    first, second = (Webhooks(hasty(), tmp_path, changes=changes) for _ in range(2))
    first.start()
    try:
        until(lambda: first.figures().leads, "the first leads")
        (tmp_path / "webhooks" / "leader.lock").unlink()
        until(lambda: not first.figures().leads or first._store.still_leads(), "it noticed")
        second.start()
        time.sleep(0.2)
        assert first.figures().leads != second.figures().leads
    finally:
        first.stop()
        second.stop()


@pytest.mark.parametrize("trouble", [OSError("disk"), RuntimeError("git")])
def test_trouble_with_git_or_disk_ends_no_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    monkeypatch.setattr("burgee_writer.webhooks.deliver._PAUSE", 0.02)
    changes = ListedChanges()
    with scripted_server() as receiver:
        hooks = Webhooks(hasty(), tmp_path, changes=changes)
        hooks.start()
        try:
            until(begun(tmp_path), "a start")
            monkeypatch.setattr(changes, "tip", lambda: (_ for _ in ()).throw(trouble))
            changes.add(receiver.url)
            until(lambda: not hooks.figures().leads, "it let go")
            monkeypatch.undo()
            until(lambda: receiver.asked, "a call")
        finally:
            hooks.stop()
