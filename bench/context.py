"""What the sections of bench/suite are given, and the rows they make."""
import statistics

COLUMNS = ("program", "measured", "ours", "theirs", "ratio", "goal", "verdict")


class Context:
    """How to measure, and with what."""

    def __init__(self, runs, seconds, flamegraph, programs, stream_gb):
        self.runs = runs
        self.seconds = seconds
        self.flamegraph = flamegraph
        self.programs = programs  # name -> command, or None of what is absent
        self.stream_gb = stream_gb


def figure(values, unit=""):
    """'MEDIAN unit (LEAST..MOST)' of some numbers."""
    values = list(values)
    text = f"{statistics.median(values):.4g}{' ' if unit else ''}{unit}"
    return text + (f" ({min(values):.3g}..{max(values):.3g})" if len(values) > 1 else "")


def verdict(is_met):
    return "met" if is_met else "MISSED"


def row(program, measured, ours, theirs="", ratio="", goal="", is_met=None):
    """One line of the table. is_met is for a goal that can be checked with what was measured."""
    return {"program": program, "measured": measured, "ours": str(ours), "theirs": str(theirs),
            "ratio": str(ratio), "goal": goal,
            "verdict": "" if is_met is None else verdict(is_met)}


def absent(program, measured, what):
    return row(program, measured, "", f"{what} is absent")
