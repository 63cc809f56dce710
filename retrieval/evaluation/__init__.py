"""Measures rankers against relevance judgements.

``run`` makes a result from a plan; ``protocols`` has the experiments, ``report`` and ``chart`` show results to people.
"""
