"""Live topics: a bounded list of names that all sources of a process share."""

from __future__ import annotations


class LiveTopics:
    """At most 4,096 live topics; past that events count under `<first token>.other`. Safe to use from threads."""

    def notices(self) -> list[str]:
        """Sentences for the operator that have not been said yet; each is said once."""
        raise NotImplementedError
