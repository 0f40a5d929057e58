"""How good the groups are that training finds, and the names that new pictures get, where the kinds are known."""
