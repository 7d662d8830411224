"""HTTP to what changes and reads do, and back."""
