"""The use case itself: pictures become a bundle and its report, with names, categories and edits carried over."""
