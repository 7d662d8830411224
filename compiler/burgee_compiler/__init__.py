"""The compiler: a flag repository in, a snapshot and diagnostics out."""
