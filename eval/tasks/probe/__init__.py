"""How well simple classifiers tell labelled media apart from their ids alone."""
