"""The parts of bench/suite: each module has NAME, and measure(context), which yields rows."""
from . import compare, conversion, counting, growth, machine, pipeline, recording, waiting

SECTIONS = (recording, machine, waiting, counting, pipeline, conversion, growth, compare)
