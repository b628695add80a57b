"""The plain pages: the reporter's side in HTML alone, for where scripts fail. No script, no socket, old browsers too.

Every rule is the API's: these pages ask the same functions and say what they answer. A page is made anew for each
request, and one that waits asks for itself again every few seconds. `routing.py` has its addresses.
"""
