"""HTML for people: pages made on the server, without a script that they need.

A router's pages are made of one of the route classes in `pages.py`, which says who may open them. They show a template
with `rendering.page`, lead on with `rendering.go`, and read records through `record.py` alone.
"""
