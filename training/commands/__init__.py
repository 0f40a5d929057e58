"""One file a command of `python -m training`: read the options, call the library, say what happened."""
