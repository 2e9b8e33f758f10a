"""The relay carries messages from whoever ingests to whoever serves: `message` is what, `local` and others are how."""
