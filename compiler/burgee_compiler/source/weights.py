"""How much an alias repeats: the nodes and the height of a tree, each part counted once."""

from __future__ import annotations

from burgee_compiler.source.tree import Node

__all__ = ["Weights"]

_CHUNK = 64  # a text counts one more node for each 64 characters


class Weights:
    """Remembers what it has counted, so a file's aliases cost no more than the file."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        # By identity: the nodes live as long as the builder that asks.
        self._known: dict[int, tuple[int, int]] = {}

    def of(self, node: Node) -> tuple[int, int]:
        """Return the number of nodes, aliases followed, and how deep they are nested."""
        if isinstance(node, str):
            return 1 + len(node) // _CHUNK, 0
        known = self._known.get(id(node))
        if known is not None:
            return known
        weight, height = 1, 0
        for child in node.values() if isinstance(node, dict) else node:
            child_weight, child_height = self.of(child)
            weight += child_weight
            height = max(height, child_height)
        if isinstance(node, dict):
            weight += sum(1 + len(key) // _CHUNK for key in node)
        self._known[id(node)] = weight, height + 1
        return weight, height + 1
