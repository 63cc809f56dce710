"""Importing marks: from files of people and other programs, and from columns of the corpus."""
