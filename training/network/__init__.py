"""VGG16 itself: its weights from where they can be had, and the ONNX graphs written from them."""
