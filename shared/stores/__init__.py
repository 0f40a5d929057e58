"""Where models are kept: a folder or a blob container behind one interface, its releases, and the cache."""
