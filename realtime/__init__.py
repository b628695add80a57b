"""What stays open, as mechanism: the doorbell, the feed, the socket, presence. Knows no frame's look."""
