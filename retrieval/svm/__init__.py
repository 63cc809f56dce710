"""The exemplar SVM: the fit, its objective, and the Newton steps of one round."""
