"""A fit as scikit-learn knows one: an estimator, and the labels that it takes."""
