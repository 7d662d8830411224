"""Conditions and segments as forms; a segment is named by a digest of its content."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from burgee.buckets import member_digest
from burgee.paths import canonical_path
from burgee.snapshot.canonical import canonical, digest, short_digest
from burgee.snapshot.forms import ConditionForm, SegmentForm
from burgee.snapshot.members import WIDTH, pack_members
from burgee.units import unit_of
from burgee_compiler.memo import SegmentRecord
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.files import Segment
from burgee_compiler.repository import TenantFiles
from burgee_compiler.resolve import segment_in

__all__ = ["Segments", "condition_form"]

_INLINE: Final = 64
"""Lists up to this long stand in the segment itself; longer ones are documents of their own."""


def condition_form(condition: Condition, segment: Callable[[str], str]) -> ConditionForm:
    """Return a condition's form; `segment` gives the digest of a segment by name."""
    if condition.attribute is not None:
        return ConditionForm(
            attribute=canonical_path(condition.attribute),
            tests=condition.tests,
            ignore_case=condition.ignore_case,
        )
    if condition.segment is not None:
        return ConditionForm(segment=segment(condition.segment))
    if condition.flag is not None:
        return ConditionForm(flag=condition.flag, serves=tuple(sorted(condition.serves)))
    if condition.not_ is not None:
        return ConditionForm(not_=condition_form(condition.not_, segment))
    parts = condition.all if condition.all is not None else condition.any
    assert parts is not None
    forms = tuple(condition_form(part, segment) for part in parts)
    if len(forms) == 1:
        return forms[0]
    return ConditionForm(all=forms) if condition.all is not None else ConditionForm(any=forms)


class Segments:
    """The segments that a tenant's flags name, each emitted once."""

    def __init__(self, tenant: TenantFiles, environment: str) -> None:
        self._tenant = tenant
        self._environment = environment
        self._memo = tenant.memo.environment(environment)
        self._digests: dict[str, str] = {}
        self.named: set[str] | None = None
        """Where the names that are asked for are noted, if anywhere."""
        self.forms: dict[str, bytes] = {}
        self.members: dict[str, bytes] = {}

    def digest_of(self, name: str) -> str:
        """Return the digest of a segment; KeyError where there is no readable one."""
        if self.named is not None:
            self.named.add(name)
        known = self._digests.get(name)
        if known is None:
            record = self._memo.segment(name) or self._made(name)
            for each in record.below:
                self.digest_of(each)
            known = self._digests[name] = record.digest
            self.forms[known] = record.form
        return known

    def _made(self, name: str) -> SegmentRecord:
        segment = self._tenant.segments[name].segment
        if segment is None:
            raise KeyError(name)
        outer, self.named = self.named, set()
        documents = len(self.members)
        data = canonical(self._form(name, segment_in(segment, self._environment)))
        below, self.named = self.named, outer
        record = SegmentRecord(data, short_digest(data), tuple(sorted(below)))
        if len(self.members) == documents:  # a document of members is too large to remember
            self._memo.keep_segment(name, record)
        return record

    def _form(self, name: str, segment: Segment) -> SegmentForm:
        members = list(segment.members)
        if segment.members_file is not None:
            path = self._tenant.segments[name].path.rpartition("/")[0] + "/" + segment.members_file
            members += self._tenant.members[path].ids or ()
        inline, document = self._list(members)
        excluded, excluded_document = self._list(segment.excluded)
        return SegmentForm(
            name=name,
            by=canonical_path(segment.by),
            when=None if segment.when is None else condition_form(segment.when, self.digest_of),
            members=inline,
            members_document=document,
            excluded=excluded,
            excluded_document=excluded_document,
        )

    def _list(self, ids: Iterable[str]) -> tuple[str, str | None]:
        data = pack_members(
            member_digest(self._tenant.name, each) for each in ids if unit_of(each) is not None
        )
        if len(data) <= _INLINE * WIDTH:
            return data.hex(), None
        whole = digest(data)
        self.members[whole] = data
        return "", whole
