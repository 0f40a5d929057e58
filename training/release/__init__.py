"""A bundle goes into a store, and an earlier version comes back."""
