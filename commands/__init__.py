"""What `desk110` can be asked beside running its processes: one module a subject, put together in `cli.py`."""
