"""From a picture file's bytes to upright RGB: what the bytes are, what reading them may cost, and every way to read."""
