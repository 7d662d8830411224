"""What a change takes out of a definition that somebody may have meant to keep."""

from __future__ import annotations

from collections.abc import Iterator

from burgee_compiler.source import Node

__all__ = ["dropped"]


def dropped(before: Node, after: Node) -> list[str]:
    """Return the rules, overrides, tests and variants that are gone, in words."""
    left = set(_parts(after, ""))
    return [each for each in dict.fromkeys(_parts(before, "")) if each not in left]


def _parts(node: Node, where: str) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    for rule in _items(node, "rules"):
        yield f"the rule {rule.get('name')}{where}"
    for override in _items(node, "overrides"):
        yield f"the override of {override.get('user')}{where}"
    for index, test in enumerate(_items(node, "tests")):
        yield f"the test {test.get('it', index + 1)}{where}"
    variants = node.get("variants")
    if variants is None and not where:
        variants = ["on", "off"]  # what a flag has that says nothing
    for name in variants if isinstance(variants, dict | list) else ():
        if isinstance(name, str):
            yield f"the variant {name}{where}"
    environments = node.get("environments")
    if not where and isinstance(environments, dict):
        for name, overlay in environments.items():
            yield from _parts(overlay, f" in {name}")


def _items(node: dict[str, Node], field: str) -> list[dict[str, Node]]:
    found = node.get(field)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
