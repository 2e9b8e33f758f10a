"""Bytes to frames: decode, locate, roll up."""
