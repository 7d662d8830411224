"""The sub-commands, a file each; `main.py` lists them."""
