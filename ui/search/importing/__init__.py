"""Marks that come from elsewhere than clicks on rows: from columns of the corpus, and what the last import did."""
