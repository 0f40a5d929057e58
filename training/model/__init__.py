"""Training as a use case: embedded pictures to a bundle, with names, categories and edits carried over."""
