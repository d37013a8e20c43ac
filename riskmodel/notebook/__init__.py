"""The explorer in a notebook's cell: sliders for statements, which Python answers.

The page is that of :mod:`riskmodel.explorer`, in a frame. It works out every answer from tables; when a statement
moves, Python builds the tables anew and sends them, so that all parts of the page speak of the same numbers.
"""
