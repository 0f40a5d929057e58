"""Labelling pictures offline with a trained model, and sorting them into folders."""
