"""Measures rankers against relevance judgements.

``run`` makes a result from a plan; ``protocols`` and ``to_the_end`` have the experiments, ``report`` and ``chart`` show
results to people.
"""
