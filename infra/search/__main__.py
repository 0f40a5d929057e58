"""`python -m infra.search`."""

from infra.search.cli import app

app(prog_name="python -m infra.search")
