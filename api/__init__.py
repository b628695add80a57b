"""The citizen app: what a reporter's phone speaks to (`/api/v1`), and the mobile page."""
