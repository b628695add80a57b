"""What both apps share of HTTP: headers, origins, bounded bodies, problems, limits, health."""
