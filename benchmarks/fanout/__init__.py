"""Fan-out: what it costs to send every viewer its frames, beside a bare C server and what others use for this."""
