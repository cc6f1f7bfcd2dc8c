"""A picture, a video and a sound to try things on where there are none, made by arithmetic.

The landscape has what shows a tokenizer's strengths and limits: smooth gradients, hard edges,
several scales of texture, a mirror image, saturated small things, and fine blades of grass. The
voice has vowels that glide into one another, hisses, a stop and silence.
"""

from .moving import sample_video
from .scenery import sample_picture
from .voice import sample_sound

__all__ = ["sample_picture", "sample_sound", "sample_video"]
