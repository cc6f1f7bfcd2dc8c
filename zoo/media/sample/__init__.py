"""A picture and a video to try things on where there are none: a landscape, drawn by arithmetic.

It has what shows a tokenizer's strengths and limits: smooth gradients, hard edges, several scales
of texture, a mirror image, saturated small things, and fine blades of grass.
"""

from .moving import sample_video
from .scenery import sample_picture

__all__ = ["sample_picture", "sample_video"]
