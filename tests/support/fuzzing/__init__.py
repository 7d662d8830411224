"""What is fed whatever a fuzzer makes up, a target a file: `run(data)` raises only for a fault."""
