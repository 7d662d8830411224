"""YAML 1.2 in, a plain tree out: file bytes to dicts, lists and text. No I/O."""

from burgee_compiler.source.locate import Places, locate
from burgee_compiler.source.reader import MAX_BYTES, read_yaml
from burgee_compiler.source.scalars import Unresolvable, resolve, resolve_plain
from burgee_compiler.source.tree import DEPTH, Json, Node, Plain, Span

__all__ = [
    "DEPTH",
    "MAX_BYTES",
    "Json",
    "Node",
    "Places",
    "Plain",
    "Span",
    "Unresolvable",
    "locate",
    "read_yaml",
    "resolve",
    "resolve_plain",
]
