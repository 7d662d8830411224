"""`python -m benchmarks [MODULE …]`: runs each benchmark in a process of its own, and writes one
table of all that they claim, to the terminal and to .build/bench.md.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from benchmarks._claims import Claim, print_claims, table

_ROOT: Final = Path(__file__).resolve().parent.parent
_REPORT: Final = _ROOT / ".build" / "bench.md"
_TIMEOUT: Final = 3_600


def modules() -> list[str]:
    """Return the names of all benchmarks."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in files if not file.stem.startswith("_"))


def machine() -> list[str]:
    """Return what figures depend on: machine, Python, us, and what we are measured against."""
    found = re.search(r"model name\s*: (.+)", _text(Path("/proc/cpuinfo")))
    cpu = found[1] if found else platform.processor() or "unknown processor"
    commit = _said("git", "-C", str(_ROOT), "describe", "--always", "--dirty") or "no commit"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    names = [name for name in _peers() if _version(name)]
    return [
        f"{cpu}, {os.cpu_count()} cores; {platform.system()} {platform.release()}",
        f"{python}; node {_said('node', '--version') or 'none'}",
        f"burgee {_version('burgee')} at {commit}",
        ", ".join(f"{name} {_version(name)}" for name in names),
    ]


def _peers() -> list[str]:
    """Return what the extra `bench` alone asks for, and what our own speed stands on."""
    wanted = [
        (re.split(r"[^\w.-]", line)[0], re.search(r"extra == .bench\b", line) is not None)
        for line in distribution("burgee").requires or []
    ]
    ours = {name for name, for_bench in wanted if not for_bench} | {"editables"}
    peers = sorted({name for name, _ in wanted} - ours)
    return ["msgspec", "xxhash", "google-re2", "uvicorn", "uvloop", "httptools", *peers]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def run(module: str) -> tuple[list[Claim], str]:
    """Return a benchmark's claims and all it printed; one that cannot run claims just that."""
    print(f"== {module}", flush=True)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "claims.json"
        command = [sys.executable, "-u", "-m", "benchmarks._one", module, str(file)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=_ROOT
        )
        try:
            output, errors = process.communicate(timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            errors += f"stopped after {_TIMEOUT} s"
        print(output, flush=True)
        if file.exists():
            claims = msgspec.json.decode(file.read_bytes(), type=list[Claim])
        else:
            print(errors, file=sys.stderr)
            why = (errors.strip().splitlines() or ["ended without a word"])[-1]
            claims = [Claim(module, "–", "to run", met=False, note=f"could not run: {why[:300]}")]
    print_claims(claims)
    return claims, output.strip()


def main(only: list[str]) -> int:
    """Run the benchmarks named, all where none is; 2 where one is unknown, else 0."""
    known = modules()
    unknown = sorted(set(only) - set(known))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    about = machine()
    claims: list[Claim] = []
    details: list[str] = []
    for module in only or known:
        made, output = run(module)
        claims += made
        if output:
            details.append(f"## {module}\n\n{_readable(output)}")
    head = "\n".join(f"- {line}" for line in about)
    report = "\n\n".join([f"# Benchmarks\n\n{head}", table(claims), *details])
    _REPORT.parent.mkdir(exist_ok=True)
    _REPORT.write_text(f"{report}\n", encoding="utf-8")
    print("\n".join(["", *about, ""]))
    print_claims(claims)
    print(f"\nWritten to {_REPORT.relative_to(_ROOT)}")
    return 0


def _readable(output: str) -> str:
    """Return what a benchmark printed: Markdown where it holds a table, else as it stands."""
    return output if "\n|---" in output else f"```text\n{output}\n```"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
