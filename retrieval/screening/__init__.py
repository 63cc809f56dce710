"""How much of a review is left to find: what may be claimed after some reading, and what it takes to claim more.

``record`` says what was read, ``bounds`` and ``stopping`` have the statistics, ``left`` puts both into words.
"""
