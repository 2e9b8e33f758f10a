"""Sources: where bytes arrive. One file a source, `base.py` what they have in common."""
