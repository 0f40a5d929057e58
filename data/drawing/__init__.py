"""A small studio: builds scenes out of triangles, lights them and photographs them, with NumPy and Pillow only.

Lengths are centimetres, z points up, colours are linear light between 0 and 1 unless a name says sRGB.
"""
