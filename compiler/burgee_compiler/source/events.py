"""libyaml's events, one by one: the only door to PyYAML's C parser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# `yaml.CSafeLoader` is this class and a constructor that we have no use for. Its own tree
# builder is never called: it crashes the process on 100,000 nested braces.
from yaml._yaml import CParser

__all__ = ["events"]


def events(text: str) -> Callable[[], Any]:
    """Return a function that gives the next event, or raises YAMLError, from the first document."""
    next_event: Callable[[], Any] = CParser(text).get_event
    next_event()  # the start of the stream
    return next_event
