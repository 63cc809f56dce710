"""The exemplar SVM: its objective, its Newton steps, and the fit."""
