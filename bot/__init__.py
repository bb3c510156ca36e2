"""The front door: command line, servers, workers and the wiring between the other packages."""

from typing import Final

__version__: Final = "0.1.0"
