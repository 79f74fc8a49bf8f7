"""The parts of bench/suite: each module has NAME, and measure(context), which yields rows."""
from . import compare, conversion, growth, pipeline, recording, waiting

SECTIONS = (recording, waiting, pipeline, conversion, growth, compare)
