"""The domain of desk110. Knows nothing of HTTP, HTML, sockets or Redis."""
