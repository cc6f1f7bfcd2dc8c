"""A teacher: a small classifier of pictures whose features others learn to predict.

Made by ``python -m zoo.train.teacher --data DIR --out FOLDER``, used as
``zoo train NAME --data DIR --teacher FILE``. It is a tool of training and is not shipped.
"""

from .files import load_teacher
from .network import Teacher, TeacherConfig

__all__ = ["Teacher", "TeacherConfig", "load_teacher"]
