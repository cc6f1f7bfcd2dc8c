"""Has what a result measured changed since? Then it is history, not what a reader would get."""

import zoo
from zoo.errors import UnknownTokenizerError

from ..tasks import load_task, task_names
from .load import Result


def outdated(result: Result) -> list[str]:
    """Why measuring again might give other figures: another task version, other weights, other ids.

    Only what is known here counts: nothing is said about tokenizers and tasks of other places. A
    newer version of the library is no reason by itself: tasks carry versions for that.
    """
    body, found = result.body, []
    task, measured = body["task"]["name"], body["task"]["version"]
    if task in task_names() and measured != load_task(task).VERSION:
        found.append(f"measured by version {measured} of the task; now {load_task(task).VERSION}")
    try:
        card = zoo.card(body["model"]["name"])
    except UnknownTokenizerError:
        return found
    if card.id_revision != body["model"]["id_revision"]:
        found.append(
            f"id revision {body['model']['id_revision']} was measured; now {card.id_revision}"
        )
    now = {part.name: part.sha256 for part in card.source if part.sha256}
    for file in body["model"]["files"]:
        if file["part"] in now and file["sha256"] not in (None, now[file["part"]]):
            found.append(f"{file['name']} was {file['sha256'][:12]}; now {now[file['part']][:12]}")
    return found
