"""Loading a snapshot until the first answer, what it takes of memory, and a reload in an edge node.

Each figure is of a fresh process; times are processor time of the whole process, elapsed beside it.
Memory is resident memory as the kernel counts it. Run: python -m benchmarks.loading
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from benchmarks._claims import Claim, print_claims
from benchmarks._load import Loaded
from benchmarks._reload import Reloads
from benchmarks._snapshot import snapshots_of_many, write_files
from benchmarks._workers import CannotRun, ask_worker
from benchmarks.peers import BASE, PEERS, make_peer

__all__ = ["claims", "main"]

_FLAGS: Final = 10_000
_MANY: Final = 100_000
_PROCESSES: Final = 5
_RELOADS: Final = 10
_SLOW_MS: Final = 3_000  # peers that take longer load once
_PATIENCE: Final = 60.0
_VARIANTS_OF_ONE: Final = {"eppo_details", "statsig_details"}  # they load as the others do


def claims() -> list[Claim]:
    """Measure loads, then reloads of 10,000 and of 100,000 flags."""
    with TemporaryDirectory() as folder:
        made = _loads(Path(folder))
        small, failed = _tried(lambda: _reloads(Path(folder) / "small", _FLAGS))
        large, failed_large = _tried(lambda: _reloads(Path(folder) / "large", _MANY))
    return [*made, *_reload_claims(small, large, failed or failed_large)]


def main() -> None:
    """Print the figures and what they are held against."""
    print_claims(claims())


def _tried(work: Callable[[], Reloads]) -> tuple[Reloads | None, str]:
    try:
        return work(), ""
    except CannotRun as error:
        return None, str(error)


def _ranged(values: Sequence[float], unit: str) -> str:
    middle = statistics.median(values)
    return f"{middle:,.1f} {unit} ({min(values):,.1f}–{max(values):,.1f})"


# --- loads ---------------------------------------------------------------------------------------


def _loads(folder: Path) -> list[Claim]:
    write_files(next(snapshots_of_many(_FLAGS, 0)), folder / "first" / "production")
    snapshot = str(folder / "first" / "production")
    ours: list[Loaded] = []
    floor: list[Loaded] = []
    peers: dict[str, list[Loaded]] = {}
    names = [name for name in PEERS if name not in _VARIANTS_OF_ONE]
    files = _configured(names, folder, peers)
    try:
        for _ in range(_PROCESSES):
            ours.append(_loaded("ours", snapshot))
            floor.append(_loaded("decode", snapshot))
            for name, file in files.items():
                if peers[name][0].elapsed < _SLOW_MS:
                    peers[name].append(_loaded("first", name, str(file)))
    except CannotRun as error:
        return [Claim("loading", "–", "to run", met=False, note=str(error))]
    _print_loads(
        {
            "burgee": ours,
            "all its JSON decoded, by msgspec, untyped (for comparison)": floor,
            **_titled(peers),
        }
    )
    return _load_claims(ours, peers)


def _loaded(*arguments: str) -> Loaded:
    return msgspec.convert(ask_worker("_load", *arguments, timeout=_PATIENCE), type=Loaded)


def _configured(
    names: Sequence[str], folder: Path, peers: dict[str, list[Loaded]]
) -> dict[str, Path]:
    """Write each peer's configuration and let it load once; say who cannot, or not in time."""
    files = {}
    for name in names:
        file = folder / f"{name}.json"
        try:
            ask_worker("_load", "configure", name, str(_FLAGS), str(file))
            peers[name] = [_loaded("first", name, str(file))]
            files[name] = file
        except CannotRun as error:
            print(f"{name} is not in the table: {error}\n")
    return files


def _titled(peers: dict[str, list[Loaded]]) -> dict[str, list[Loaded]]:
    return {make_peer(name).title: loads for name, loads in peers.items()}


def _print_loads(rows: dict[str, list[Loaded]]) -> None:
    print(f"Until the first answer from {_FLAGS:,} flags of kind b, in a fresh process.\n")
    print("| evaluator | ms of processor time | ms elapsed | kB of memory a flag |")
    print("|---|---|---|---|")
    for title, loads in rows.items():
        memory = [each.memory / _FLAGS / 1e3 for each in loads]
        cells = [
            _ranged([each.processor for each in loads], ""),
            _ranged([each.elapsed for each in loads], ""),
            f"{statistics.median(memory):.1f}" if any(memory) else "–",
        ]
        print(f"| {title} | {' | '.join(cells)} |")
    print()


def _load_claims(ours: list[Loaded], peers: dict[str, list[Loaded]]) -> list[Claim]:
    spent = [each.processor for each in ours]
    elapsed = statistics.median(each.elapsed for each in ours)
    before = [each.memory / _FLAGS / 1e3 for each in ours]
    after = [each.memory_evaluated / _FLAGS / 1e3 for each in ours]
    medians = {
        name: statistics.median(each.processor for each in loads) for name, loads in peers.items()
    }
    base = medians.get(BASE)
    fastest = min(medians, key=medians.__getitem__, default="")
    return [
        Claim(
            f"load {_FLAGS:,} flags until the first answer",
            f"{_ranged(spent, 'ms')} of processor time, {elapsed:,.1f} ms elapsed",
            "≤ 40 ms",
            statistics.median(spent) <= 40,
            "" if base is None else f"eppo-server-sdk {base:,.1f} ms",
        ),
        Claim(
            "no peer loads them faster",
            f"fastest: {make_peer(fastest).title} {medians[fastest]:,.1f} ms" if medians else "–",
            "ours is the fastest",
            bool(medians) and statistics.median(spent) <= medians[fastest],
            f"{len(medians)} peers",
        ),
        Claim(
            "memory a flag before any but one was evaluated",
            _ranged(before, "kB"),
            "≤ 2.5 kB",
            statistics.median(before) <= 2.5,
            "resident memory",
        ),
        Claim(
            "memory a flag after all were evaluated once",
            _ranged(after, "kB"),
            "≤ 6 kB",
            statistics.median(after) <= 6,
            "resident memory",
        ),
    ]


# --- reloads -------------------------------------------------------------------------------------


def _reloads(folder: Path, count: int) -> Reloads:
    """Write a snapshot and what each later one adds, and let a node follow them."""
    known: set[str] = set()
    changes: list[str] = []
    for number, files in enumerate(snapshots_of_many(count, _RELOADS)):
        new = {path: data for path, data in files.items() if path not in known}
        known |= set(new) - {"manifest.json"}
        if number == 0:
            write_files(new, folder / "production")
        else:
            changes.append(str(folder / f"change-{number}"))
            write_files(new, Path(changes[-1]))
    return msgspec.convert(ask_worker("_reload", str(folder), *changes), type=Reloads)


def _reload_claims(small: Reloads | None, large: Reloads | None, failed: str) -> list[Claim]:
    if small is None or large is None:
        return [Claim("reload", "–", "to run", met=False, note=failed)]
    processor, processor_large = map(statistics.median, (small.processor, large.processor))
    return [
        Claim(
            f"reload, 1 of {_FLAGS:,} flags changed: processor time",
            _ranged(small.processor, "ms"),
            "≤ 25 ms",
            processor <= 25,
            f"{statistics.median(small.elapsed):,.1f} ms elapsed",
        ),
        _pause(_FLAGS, small),
        Claim(
            f"reload, 1 of {_MANY:,} flags changed: processor time",
            f"{_ranged(large.processor, 'ms')}, {processor_large / processor:.1f} times the above",
            "≤ 250 ms (10 times 25)",
            processor_large <= 250,
            f"{statistics.median(large.elapsed):,.1f} ms elapsed",
        ),
        _pause(_MANY, large),
    ]


def _pause(count: int, found: Reloads) -> Claim:
    limit = 5 if count == _FLAGS else 50
    pause = statistics.median(found.pauses)
    return Claim(
        f"reload, 1 of {count:,} flags changed: longest pause of the event loop",
        _ranged(found.pauses, "ms"),
        f"≤ {limit} ms",
        pause <= limit,
        f"median of {len(found.pauses)} reloads; less waits for a processor, "
        f"{statistics.median(found.own_pauses):,.1f} ms; "
        f"where nothing is reloaded, {statistics.median(found.idle):.1f} ms",
    )


if __name__ == "__main__":
    main()
