"""Screening to the end: how much of a review is left to find, what several readers say, and what a review reports.

``record`` says what was read, ``bounds`` and ``stopping`` have the statistics, ``left`` puts both into words.
``readers`` compares two sessions, ``joining`` joins them, and ``flow`` counts what a review reports.
"""
