"""A trained model opened beside its pictures, grouped as it would answer now: what report and naming page look at."""
