"""What calls do: functions from a tree to its changes and the words of the commit."""
