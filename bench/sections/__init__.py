"""The parts of bench/suite: each module has NAME, and measure(context), which yields rows."""
from . import compare, conversion, growth, pipeline, recording

SECTIONS = (recording, pipeline, conversion, growth, compare)
