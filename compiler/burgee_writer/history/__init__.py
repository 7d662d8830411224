"""What commits say: the audit's entries, idempotency keys and kills.

An index holds what each commit touched; it can be thrown away, and is rebuilt from git.

- `index`: the one door: what is new is taken in, and three questions are answered
- `line`: commits in the order in which they became live; `records`, `store`: what is kept of them
- `commits`, `trees`, `merging`, `resources`: which resources a commit changed, and from what
- `query`, `cursor`, `pages`: what a caller asks for, and from where on
- `audit`, `words`, `people`: entries as they are shown, and what of a message may be
- `moment`, `before_after`, `comparisons`: resources as they were and as they are; `kills`
"""
