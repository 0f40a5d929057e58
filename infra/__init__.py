"""What runs on Azure, and the commands that put it there."""
