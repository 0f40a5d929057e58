"""The search objects and the commands that deploy, fill and question them: `python -m infra.search`."""
