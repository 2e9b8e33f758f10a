"""DynMap: a live, global heat map of any location-based event data."""

__version__ = "0.1.0"
