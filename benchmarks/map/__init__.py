"""The map: what the page costs its browser, beside what others draw points with."""
