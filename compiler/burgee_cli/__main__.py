"""Lets `python -m burgee_cli` be the command."""

from burgee_cli.main import main

if __name__ == "__main__":
    main()
