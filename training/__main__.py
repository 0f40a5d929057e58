"""`python -m training`."""

from training.commands.app import app

app(prog_name="python -m training")
