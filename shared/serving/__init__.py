"""Answering requests: HTTP, the contract with Azure AI Search, the skill, and the model that a worker keeps loaded."""
