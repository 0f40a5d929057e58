"""What training and serving have in common: pictures, embeddings, clusters, bundles, stores, the skill's contract.

Nothing here imports azure.functions or the training package.
"""
