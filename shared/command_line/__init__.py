"""What the commands that people run share: the console, and the guard of pages they open. Not shipped to Azure."""
