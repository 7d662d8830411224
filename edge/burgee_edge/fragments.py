"""What is sent of an answer, written once and kept with it: bodies are put together from these.

An answer is shared by everyone it is served to, and outlives its snapshot where its flag did not
change; a bucket is all that differs.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from burgee.evaluation import Answer, Result
from burgee_edge.answers import native_answer, ofrep_answer
from burgee_edge.figures import Figures
from burgee_http.json_text import encode_json
from burgee_http.metrics import Cell

__all__ = ["Fragments", "fragments_of", "native_form", "ofrep_body"]

_encode: Final = msgspec.json.Encoder().encode
_START: Final = b'{"flags":['
_NO_BUCKET: Final = b"null}}"


class Fragments(Struct, frozen=True, eq=False, gc=False):
    """The native form up to its bucket, OFREP's form, and where the variant is counted."""

    native: bytes
    ofrep: bytes
    served: Cell


def fragments_of(answer: Answer, tenant: str, figures: Figures) -> Fragments:
    """Return what is written of an answer of a tenant."""
    found: Fragments | None = answer.wire
    if found is None:
        result = Result(answer)
        found = answer.wire = Fragments(
            encode_json(native_answer(result)).removesuffix(_NO_BUCKET),
            encode_json(ofrep_answer(result)),
            figures.cell(tenant, answer.flag_key, answer.variant),
        )
    return found


def native_form(fragments: Fragments, bucket: float | None, end: bytes) -> bytes:
    """Return the native form; `end` is what stands behind its details, with the last brace."""
    text = b"null}" if bucket is None else _encode(bucket) + b"}"
    return b"".join((fragments.native, text, end))


def ofrep_body(
    results: Sequence[Result], tenant: str, figures: Figures, end: bytes = b"]}"
) -> tuple[bytes, list[Fragments]]:
    """Return the body of OFREP's bulk answer and what is in it; `end` closes the list of flags,
    and the object.
    """
    fragments: list[Fragments] = [each.answer.wire for each in results]
    try:
        forms = [each.ofrep for each in fragments]
    except AttributeError:  # of some nothing is written yet
        fragments = [fragments_of(each.answer, tenant, figures) for each in results]
        forms = [each.ofrep for each in fragments]
    if not forms:
        return _START + end, fragments
    forms[0] = _START + forms[0]  # joined once, the body is copied once
    forms[-1] += end
    return b",".join(forms), fragments
