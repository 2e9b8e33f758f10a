"""The location table: built from an MMDB, opened by mmap, looked up by the million."""
