"""The original sample's models, read without unpickling anything."""
