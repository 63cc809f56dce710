"""Rankers measured against relevance judgements: protocols, baselines, metrics, results and reports."""
