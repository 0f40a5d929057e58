"""Pictures to vectors: decoding, preprocessing, VGG16 and its backends, many at a time."""
