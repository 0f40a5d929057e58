"""Where pictures are: folders and blob containers, listed as sources that are read later. Not shipped to Azure."""
