"""What is attacked: each module's `prepare`, given an empty folder, returns the function that tries one input
drawn from a random generator.

It returns what became of the input, in a word or two, and raises where a promise is broken.
"""
