"""A stand-in for Azure AI Search, for development: the calls that this project makes, over HTTP, and no others.

It is neither a search engine nor an emulator. It knows four kinds of definition, indexers over Blob Storage, custom
skills and simple queries; what it does not know it refuses. Where Azure's behaviour is documented it is followed, and
a custom skill is held to its contract harder than Azure does: every violation becomes an indexer error.
"""
