"""What everybody saw, written down with its time, and a checker that holds it against the database."""
