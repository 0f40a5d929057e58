"""What the project costs and how good it is, measured against the plain recipe in the same run."""
