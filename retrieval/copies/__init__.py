"""Copies among documents: exact ones, which share one mark, and near ones, which are shown together."""
