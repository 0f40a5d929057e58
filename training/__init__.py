"""`python -m training`: from a folder of pictures to a named, published model."""
