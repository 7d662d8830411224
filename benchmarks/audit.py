"""The audit over 10,000 commits to 1,000 flags: first indexing, pages, one more commit, a start.

Pages are the newest, filtered ones and some in the midst, each with before, after and words; all
but the one that says so are of entries that nobody asked for yet. Run: python -m benchmarks.audit
"""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks._claims import Claim, print_claims
from benchmarks._repositories import flag_path, write_repository
from burgee_writer.git.ssh_signatures import CommitKeys
from burgee_writer.history.audit import AuditPage, AuditQuery
from burgee_writer.history.index import HistoryIndex

__all__ = ["claims"]

_COMMITS = 10_000
_FLAGS = 1_000
_PAGES = 20
_FIRST_SECONDS = 10.0
_PAGE_MS = 100.0
_ADVANCE_MS = 20.0
_START = 1_750_000_000


def claims() -> list[Claim]:
    """Measure all that on one repository, in which every tenth commit is a merge of three."""
    with TemporaryDirectory() as folder:
        root = write_repository(Path(folder) / "repo", _FLAGS)
        tip, before = _write_history(root)
        return _measured(root, Path(folder) / "state", tip, before)


def _measured(root: Path, state: Path, tip: str, before: str) -> list[Claim]:
    index = HistoryIndex(root, "", CommitKeys(()), state)
    first = _seconds(lambda: index.advance(before))
    one_more = _seconds(lambda: index.advance(tip))
    index.save()
    started = HistoryIndex(root, "", CommitKeys(()), state)
    again = _seconds(lambda: started.advance(tip))
    made = [
        _claim(f"index of {_COMMITS:,} commits, from nothing", first * 1000, _FIRST_SECONDS * 1000),
        _claim("the same from the state folder", again * 1000, _FIRST_SECONDS * 100),
        _claim("one more commit", one_more * 1000, _ADVANCE_MS),
    ]
    for name, limit, query in (
        ("a page of 50", 50, {}),
        ("a page of 200", 200, {}),
        ("a page of 50 by one person", 50, {"actor": "person-3@acme.example"}),
        (
            "a page of 50 of a month, of flags",
            50,
            {"since": (_START + 3_000_000) * 10**6, "entity": "flag"},
        ),
    ):
        asked = AuditQuery(tenant="acme", limit=limit, **query)
        made.append(_claim(name, _pages(started, asked), _PAGE_MS))
    newest = AuditQuery(tenant="acme", limit=200)
    made.append(
        _claim("a page of 200 again", _seconds(lambda: started.page(newest)) * 1000, _PAGE_MS)
    )
    flags = [f"area-{n // 100}.flag-{n}" for n in range(0, _FLAGS, _FLAGS // _PAGES)]
    queries = [AuditQuery(tenant="acme", entity_key=key) for key in flags]
    times = [_seconds(partial(started.page, each)) for each in queries]
    made.append(_claim("all of one flag", median(times) * 1000, _PAGE_MS))
    return made


def _pages(index: HistoryIndex, query: AuditQuery) -> float:
    """Return the median of pages that follow each other, in milliseconds."""
    times: list[float] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        start = time.perf_counter()
        page = index.page(
            AuditQuery(
                tenant=query.tenant,
                entity=query.entity,
                actor=query.actor,
                since=query.since,
                limit=query.limit,
                cursor=cursor,
            )
        )
        times.append(time.perf_counter() - start)
        assert isinstance(page, AuditPage)
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.entries) == query.limit
    return median(times) * 1000


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _claim(name: str, figure: float, most: float) -> Claim:
    return Claim(f"audit: {name}", f"{figure:,.1f} ms", f"≤ {most:,.0f} ms", figure <= most)


def _write_history(root: Path) -> tuple[str, str]:
    """Commit edits of single flags; return the last commit and the one before."""
    git = ("git", "-C", str(root), "-c", "user.name=bench", "-c", "user.email=bench@acme.example")
    for step in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("commit", "--quiet", "--message", "all"),
    ):
        subprocess.run((*git, *step), check=True)
    stream = "".join(_stream(root)).encode()
    subprocess.run((*git, "fast-import", "--quiet"), input=stream, check=True)
    done = subprocess.run(
        (*git, "log", "--first-parent", "--max-count=2", "--format=%H", "main"),
        check=True,
        capture_output=True,
        text=True,
    )
    tip, before = done.stdout.split()
    return tip, before


def _stream(root: Path) -> Iterator[str]:
    """Yield commits as `git fast-import` reads them."""
    draw = random.Random(7)
    texts = {n: flag_path(root, n).read_text() for n in range(_FLAGS)}
    paths = {n: flag_path(root, n).relative_to(root).as_posix() for n in range(_FLAGS)}
    last, mark = "refs/heads/main^0", 0

    def files(numbers: list[int]) -> str:
        return "".join(_file(paths[each], texts[each]) for each in numbers)

    while mark < _COMMITS:
        numbers = [draw.randrange(_FLAGS) for _ in range(3 if draw.random() < 0.1 else 1)]
        at = last
        for number in numbers:
            texts[number] = _edited(texts[number], draw)
            mark += 1
            yield _commit(mark, f"from {at}\n", draw) + files([number])
            at = f":{mark}"
        if len(numbers) > 1:
            mark += 1
            yield _commit(mark, f"from {last}\nmerge {at}\n", draw) + files(numbers)
        last = f":{mark}"
    yield f"reset refs/heads/main\nfrom {last}\n"


def _edited(text: str, draw: random.Random) -> str:
    lines = text.splitlines()
    place = next(index for index, line in enumerate(lines) if "percentage:" in line)
    lines[place] = f"    percentage: {draw.randrange(100_000) / 1000}"
    return "\n".join(lines) + "\n"


def _commit(mark: int, parents: str, draw: random.Random) -> str:
    who = f"person-{draw.randrange(20)} <person-{draw.randrange(20)}@acme.example> "
    when = f"{_START + mark * 600} +0000"
    message = f"Change {mark}\n\nReviewed-by: Ann <ann@acme.example>\n"
    head = f"commit refs/heads/work\nmark :{mark}\nauthor {who}{when}\ncommitter {who}{when}\n"
    return f"{head}data {len(message)}\n{message}{parents}"


def _file(path: str, text: str) -> str:
    return f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n"


if __name__ == "__main__":
    print_claims(claims())
