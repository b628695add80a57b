"""`scripts/soak`: a drill of many people on real processes, with one fault after the other, held by the checker."""
