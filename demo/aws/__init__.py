"""An AWS-shaped HTTP endpoint on moto, with what moto lacks or answers wrongly put in front of it.

Needs the `demo` extra (moto and flask).
"""

try:
    import flask  # noqa: F401
    import moto  # noqa: F401
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"{missing.name} is not installed; the simulated AWS needs the demo extra: pip install 'alb502[demo]'",
        name=missing.name,
    ) from missing
