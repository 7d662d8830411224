"""The expressions of workflows, as far as ours go: what is not known is an error, not a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["evaluate", "filled", "holds"]

_TOKENS = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<sign>&&|\|\||==|!=|[!(),])"
    r"|(?P<name>[A-Za-z_][\w-]*(?:\.[\w-]+)*))"
)
_WORDS = {"true": True, "false": False, "null": None}

Functions = Mapping[str, Callable[..., Any]]


def filled(text: str, contexts: Mapping[str, Any], functions: Functions) -> str:
    """Return a text with the values of its expressions in place of them."""

    def value(found: re.Match[str]) -> str:
        return _shown(evaluate(found[1], contexts, functions))

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


def holds(condition: Any, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Whether the `if` of a step or job holds; without a word on success it asks for success."""
    text = str(condition).strip()
    inner = re.fullmatch(r"\$\{\{(.*)\}\}", text)
    text = inner[1] if inner else text
    asks = re.search(r"\b(success|failure|cancelled|always)\(\)", text)
    return bool(evaluate(text if asks else f"success() && ({text})", contexts, functions))


def evaluate(text: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """Return what an expression says."""
    parser = _Parser(_tokens(text), contexts, functions)
    value = parser.either()
    assert not parser.left, f"{text!r}: {parser.left} is left over"
    return value


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    text = text.strip()
    while at < len(text):
        token = _TOKENS.match(text, at)
        assert token is not None, f"{text[at:]!r} is no expression that is known"
        found.append(token[0].strip())
        at = token.end()
    return found


class _Parser:
    """Reads by precedence: or, and, equality, not, a value."""

    def __init__(
        self, tokens: list[str], contexts: Mapping[str, Any], functions: Functions
    ) -> None:
        self.left = tokens
        self._contexts = contexts
        self._functions = functions

    def either(self) -> Any:
        value = self._both()
        while self._took("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Any:
        value = self._equal()
        while self._took("&&"):
            other = self._equal()
            value = value and other
        return value

    def _equal(self) -> Any:
        value = self._not()
        while self.left[:1] in (["=="], ["!="]):
            sign = self.left.pop(0)
            value = (_shown(value) == _shown(self._not())) == (sign == "==")
        return value

    def _not(self) -> Any:
        return not self._not() if self._took("!") else self._value()

    def _value(self) -> Any:
        token = self.left.pop(0)
        if token == "(":
            value = self.either()
            assert self._took(")")
            return value
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.isdigit() or token in _WORDS:
            return _WORDS.get(token, token)
        if self._took("("):
            return self._functions[token](*self._arguments())
        return self._found(token)

    def _arguments(self) -> list[Any]:
        values: list[Any] = []
        while not self._took(")"):
            values.append(self.either())
            self._took(",")
        return values

    def _found(self, path: str) -> Any:
        first, *parts = path.split(".")
        value: Any = self._contexts[first]
        for part in parts:
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return value

    def _took(self, token: str) -> bool:
        if self.left[:1] != [token]:
            return False
        self.left.pop(0)
        return True


def _shown(value: Any) -> str:
    if value is None or value is False:
        return "" if value is None else "false"
    return "true" if value is True else str(value)
