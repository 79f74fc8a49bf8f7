"""What a user would pick instead of perf-profile, where it is installed."""
import os
import shutil
from pathlib import Path

PERF = shutil.which("perf")
OFFCPUTIME = shutil.which("offcputime-bpfcc") or shutil.which("offcputime")
HYPERFINE = shutil.which("hyperfine")
SAMPLY = shutil.which("samply")
INFERNO_COLLAPSE = shutil.which("inferno-collapse-perf")
INFERNO_FLAMEGRAPH = shutil.which("inferno-flamegraph")
CARGO_FLAMEGRAPH = shutil.which("flamegraph")


class FlameGraph:
    """The scripts of a FlameGraph checkout: a folder, $FLAMEGRAPH_PATH or on PATH."""

    def __init__(self, folder=None):
        folder = folder or os.environ.get("FLAMEGRAPH_PATH")
        self.collapse = self._script("stackcollapse-perf.pl", folder)
        self.draw = self._script("flamegraph.pl", folder)

    @staticmethod
    def _script(name, folder):
        if folder:
            return Path(folder) / name if (Path(folder) / name).exists() else None
        return shutil.which(name)

    def is_there(self):
        return bool(self.collapse and self.draw)


def presence(flamegraph):
    """Name -> path, or None of what is absent."""
    return {"perf": PERF, "FlameGraph": str(flamegraph.draw) if flamegraph.is_there() else None,
            "hyperfine": HYPERFINE,
            "offcputime (bcc)": OFFCPUTIME, "samply": SAMPLY, "inferno": INFERNO_COLLAPSE,
            "cargo-flamegraph": CARGO_FLAMEGRAPH}
