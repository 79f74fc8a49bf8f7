"""The parts of bench/suite: each module has NAME, and measure(context), which yields rows."""
from . import compare, conversion, growth, machine, pipeline, recording, waiting

SECTIONS = (recording, machine, waiting, pipeline, conversion, growth, compare)
