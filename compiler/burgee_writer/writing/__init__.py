"""From a change to a commit of the branch: judged on its very parent, and never lost."""
