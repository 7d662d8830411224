"""What commits say: the audit's entries, idempotency keys and kills.

An index holds what each commit touched; it can be thrown away, and is rebuilt from git.

- `index`: the one door: what is new is taken in, and three questions are answered
- `line`: the commits in the order in which they became live
- `trees`, `merging`, `resources`: which resources a commit changed, and from what
- `commits`: a commit as the index keeps it
- `store`: the file that the index is kept in
- `audit`, `before_after`, `people`: entries as they are shown
- `cursor`, `query`: what a caller asks for
"""
