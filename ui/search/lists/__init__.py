"""The lists of the page Search: one component in the browser, and what it exchanges with the server.

``component`` mounts it; ``messages`` reads what the browser says, ``saving`` writes the acts in it to the log,
``payload`` returns what the browser draws, and ``open_row`` the text of the row that is open.
"""
