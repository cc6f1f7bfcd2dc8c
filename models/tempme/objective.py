"""Training objectives: merges that lose little, then ids of groups and pixels from them.

Ours: TempMe fine-tunes CLIP for retrieval and has neither codebook nor decoder.
"""

from zoo.train.objective import Objective

from .appearance_objective import AppearanceObjective
from .matching_objective import MatchingObjective

OBJECTIVES: dict[str, type[Objective]] = {
    "matching": MatchingObjective,
    "appearance": AppearanceObjective,
}
