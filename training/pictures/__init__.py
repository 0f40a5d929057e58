"""Pictures made smaller, for people to look at."""
