"""TempMe: a video whose alike patches are merged, and a map that says where each went."""
