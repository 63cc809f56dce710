"""The index protocol and its implementations: top-k queries and scans of a linear score over the passage vectors.

``base`` has the protocol, ``dense`` the index in memory, ``milvus`` the index on a server.
"""
