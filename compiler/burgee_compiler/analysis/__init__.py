"""What can be said of conditions without knowing any user: which never hold, which imply which.

Every claim is proved, and what cannot be proved within a bound is not claimed: who asks hears no
false alarm. All questions are one, whether a conjunction of conditions can hold (`search`); its
answer comes from each attribute by itself (`values`, with `texts` and `numbers`), so that two
paths which look into one object need no care: a context gives each of them one value, whichever.
"""

from __future__ import annotations

from burgee_compiler.analysis.domains import ANYTHING, Domain, Domains, domains_of
from burgee_compiler.analysis.search import always, covered, is_plain, never, never_asks
from burgee_compiler.analysis.subjects import Subject, subjects_of

__all__ = [
    "ANYTHING",
    "Domain",
    "Domains",
    "Subject",
    "always",
    "covered",
    "domains_of",
    "is_plain",
    "never",
    "never_asks",
    "subjects_of",
]
