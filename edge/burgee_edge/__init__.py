"""The edge node: holds the newest good snapshot and answers over HTTP."""
