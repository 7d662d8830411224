"""Where a node's snapshots come from: a folder, a web server, an object store, another node."""
