"""Lets the tests here import sources.py wherever pytest was started."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
