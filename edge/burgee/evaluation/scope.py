"""Functions made from text, shared by shape: constants are closure cells, never part of the text.

Two flags whose rules have the same shape share one compiled function body, since `compile` costs
hundreds of microseconds; nothing that a snapshot says ever becomes source.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from xxhash import xxh3_64_intdigest

from burgee.evaluation.result import Result
from burgee.instants import instant_of
from burgee.units import unit_bytes
from burgee.versions import parse_version

if TYPE_CHECKING:
    from burgee.evaluation.run import Run

__all__ = ["Context", "Function", "Scope"]

Context: TypeAlias = Mapping[str, Any]
Function: TypeAlias = "Callable[[Context, int, Run | None], Any]"
"""Takes a context, the clock in microseconds, and what the evaluation carries."""

_NAMES: Final[dict[str, Any]] = {
    "NUMBERS": (int, float),
    "Result": Result,
    "bisect_right": bisect_right,
    "instant_of": instant_of,
    "parse_version": parse_version,
    "unit_bytes": unit_bytes,
    "xxh3_64": xxh3_64_intdigest,
}
"""What every text may name beside its cells and its arguments."""


class Scope:
    """The lines of one function `(context, now, run)`, and the constants that they name.

    A `traced` one tells the run what it does, step by step, and takes slots from it: the same
    lines with a few more between them, so what is explained is what is evaluated.
    """

    def __init__(self, *, traced: bool = False) -> None:
        self.traced = traced
        self._cells: list[Any] = []
        self._lines: list[str] = []
        self._indent = "  "

    def cell(self, value: Any) -> str:
        """Return the name under which the function finds a constant."""
        self._cells.append(value)
        return f"c{len(self._cells) - 1}"

    def line(self, text: str) -> None:
        """Add a line at the present depth."""
        self._lines.append(self._indent + text)

    def note(self, text: str) -> None:
        """Add a line that tells the run something; only a traced function has it."""
        if self.traced:
            self.line(text)

    def block(self, head: str, otherwise: str = "") -> _Block:
        """Add a line that opens a block; `otherwise` is what a traced one notes in its `else`."""
        return _Block(self, head, otherwise if self.traced else "")

    def indent(self, by: int) -> None:
        """Go on deeper, or less deep."""
        self._indent = " " * (len(self._indent) + by)

    def value(self, path: str) -> str:
        """Return an expression for what stands at a context path, None where nothing does.

        A whole key is looked up first, also where it holds null; then part by part.
        """
        if "." not in path:
            return f"context.get({self.cell(path)})"
        first, *rest = path.split(".")
        found = f"context.get({self.cell(first)})"
        for part in rest:
            found = f"(o.get({self.cell(part)}) if isinstance(o := {found}, dict) else None)"
        whole = self.cell(path)
        return f"(context[{whole}] if {whole} in context else {found})"

    def function(self) -> Function:
        """Return the function."""
        names = ", ".join(f"c{index}" for index in range(len(self._cells)))
        body = "\n".join(self._lines)
        text = f"def make({names}):\n def decided(context, now, run):\n{body}\n return decided"
        made: Function = _maker(text)(*self._cells)
        return made


class _Block:
    """What is written within it stands deeper. A generator would take three times as long."""

    __slots__ = ("_head", "_otherwise", "_scope")

    def __init__(self, scope: Scope, head: str, otherwise: str) -> None:
        self._scope, self._head, self._otherwise = scope, head, otherwise

    def __enter__(self) -> None:
        self._scope.line(self._head)
        self._scope.indent(1)

    def __exit__(self, *error: object) -> None:
        self._scope.indent(-1)
        if self._otherwise:
            self._scope.line("else:")
            self._scope.line(f" {self._otherwise}")


@lru_cache(maxsize=2048)
def _maker(text: str) -> Callable[..., Any]:
    names = dict(_NAMES)
    exec(compile(text, "<decision>", "exec"), names)  # noqa: S102  the text holds no constant
    make: Callable[..., Any] = names["make"]
    return make
