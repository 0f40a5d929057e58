"""Embedding many pictures once: the cache of embeddings, and the tasks that workers take."""
