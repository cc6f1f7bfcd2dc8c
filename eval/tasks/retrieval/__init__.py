"""How well texts find their videos, and videos their texts, among all of a data set."""
