"""What viewers and other programs talk to: the live socket, the HTTP interface, the map."""
