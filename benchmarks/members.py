"""A member list of a million: one look-up, the memory of four workers, and a plan over a change.

A look-up is of what stands in the document: a digest of 16 bytes. The digest itself is made once
for each question, and its time is shown beside it. Run: python -m benchmarks.members
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._claims import Claim, print_claims
from burgee.buckets import member_digest
from burgee.snapshot.members import MemberList, pack_members

__all__ = ["claims"]

_MEMBERS = 1_000_000
_ASKED = 2_000
_ROUNDS = 50
_LOOK_UP_MICROSECONDS = 2.0
_DOCUMENT_MB = 16.0


def claims() -> list[Claim]:
    """Measure all that in this process, but for the plan, which is a process of its own."""
    ids = [f"user-{number}" for number in range(_MEMBERS)]
    digests = [member_digest("acme", each) for each in ids]
    data = pack_members(digests)
    members = MemberList(memoryview(data))
    draw = random.Random(1)
    listed = draw.sample(digests, _ASKED)
    others = [member_digest("acme", f"other-{number}") for number in range(_ASKED)]
    there, not_there = _microseconds(members, listed), _microseconds(members, others)
    hashing = _best(lambda: [member_digest("acme", each) for each in ids[:_ASKED]])
    note = f"making the digest takes {hashing:.2f} µs more"
    megabytes = len(data) / 1e6
    return [
        Claim(
            "members: one look-up, listed",
            f"{there:.2f} µs",
            f"≤ {_LOOK_UP_MICROSECONDS:g} µs",
            there <= _LOOK_UP_MICROSECONDS,
            note,
        ),
        Claim(
            "members: one look-up, not listed",
            f"{not_there:.2f} µs",
            f"≤ {_LOOK_UP_MICROSECONDS:g} µs",
            not_there <= _LOOK_UP_MICROSECONDS,
            note,
        ),
        Claim(
            "members: the document of a million",
            f"{megabytes:.1f} MB",
            f"≤ {_DOCUMENT_MB:g} MB",
            megabytes <= _DOCUMENT_MB,
            "",
        ),
        _plan(ids),
    ]


def _microseconds(members: MemberList, asked: Sequence[bytes]) -> float:
    contains = members.__contains__

    def ask() -> None:
        for each in asked:
            contains(each)

    return _best(ask)


def _best(work: object) -> float:
    assert callable(work)
    times: list[float] = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times) / _ASKED * 1e6


def _plan(ids: Sequence[str]) -> Claim:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "acme" / "flags").mkdir(parents=True)
        (root / "acme" / "segments").mkdir()
        (root / "burgee.yaml").write_text("environments: [production]\n")
        rule = "default: off\nrules:\n  - {name: r, when: {segment: vip}, serve: on}\n"
        (root / "acme" / "flags" / "f.yaml").write_text(rule)
        (root / "acme" / "segments" / "vip.yaml").write_text("members_file: vip.csv\n")
        listed = root / "acme" / "segments" / "vip.csv"
        listed.write_text("\n".join(ids))
        git = ["git", "-C", folder, "-c", "user.name=bench", "-c", "user.email=b@acme.example"]
        subprocess.run([*git, "init", "--quiet"], check=True)
        subprocess.run([*git, "add", "--all"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", "all"], check=True)
        listed.write_text("\n".join([*ids[4:], *(f"new-{number}" for number in range(120))]))
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "burgee_cli", "plan", folder],
            check=True,
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - start
        right = "+120 -4 members" in done.stdout
    return Claim(
        "members: a plan over a change to a million", f"{seconds:.1f} s", "told", right, ""
    )


if __name__ == "__main__":
    print_claims(claims())
