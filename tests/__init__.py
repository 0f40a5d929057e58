"""Tests of everything, in the same tree as what they test.

One thread a test process, and a process it starts: `make test` runs as many test processes as there are cores. This
stands here because it must be set before anything imports NumPy or ONNX Runtime.
"""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
