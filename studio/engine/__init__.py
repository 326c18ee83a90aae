"""The engine: plain Python, numpy and torch. It never imports Qt, directly or transitively."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
"""Read once, when torch is loaded, so it is set before. Threads that wait for each other sleep instead of spinning:
beside other busy programs, spinning made a training step on two cores 3 to 40 times slower; alone it saves a tenth."""
