"""Finding groups among vectors: neighbours, DBSCAN, its parameters, and how far each group reaches."""
