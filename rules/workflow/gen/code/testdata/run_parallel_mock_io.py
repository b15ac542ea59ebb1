"""The tasks, each as soon as what it needs is there; elements of a map at once.

For tests only: tasks of input and output are replaced by the examples that their packages carry; lines that differ for that are marked 🧪.
"""

import os
from collections.abc import Callable
from typing import Any

import wt_task
from ext_old.tasks import draw
from ext_sky.more import count as count_2
from ext_sky.tasks import count as count_1
from ext_sky.tasks import is_empty
from wt_contracts import validate

from .. import metadata
from ..mocks import create_func_magicmock
from ..parallel import Dag

# 🧪 in place of ext_sky.tasks.io.fetch
fetch = create_func_magicmock(anchor="ext_sky.tasks.io", func_name="fetch")


def main(
    params: dict[str, Any],
    validate_params_schema: bool = True,
    task: Callable[..., Any] = wt_task.task,
    workers: int | None = None,
) -> Any:
    """Run the workflow and give what its last task gives. Task makes tasks of functions, as wt_task.task does."""
    if validate_params_schema:
        validate(params, metadata.load_params_schema())
    dag = Dag(workers)

    # Get what was seen — 🌙
    @dag.step("seen")
    def seen() -> Any:
        return (
            task(fetch)
            # 🧪 mocked: what its example holds is given as it is, without validation
            .set_task_instance_id("seen")
            .handle_errors()
            .with_tracing()
            .partial(token=os.environ["SKY_TOKEN"], **(params.get("seen") or {}))
            .call()
        )

    # Counts
    @dag.step("params", needs=["seen"])
    def params_(seen: Any) -> Any:
        return (
            task(count_1)
            .validate()
            .set_task_instance_id("params")
            .handle_errors()
            .with_tracing()
            .set_executor(dag.executor)
            .partial(scale=1e3, empty=None, deep=True, **(params.get("params") or {}))
            .map(argnames=["item"], argvalues=seen)
        )

    @dag.step("by_group", needs=["seen", "params"])
    def by_group(seen: Any, params_: Any) -> Any:
        return (
            task(count_2)
            .validate()
            .set_task_instance_id("by_group")
            .handle_errors()
            .with_tracing()
            .skipif(conditions=[is_empty], unpack_depth=2)
            .set_executor(dag.executor)
            .partial(
                text='say "it\'s"',
                limit=float("-inf"),
                **(params.get("by_group") or {}),
            )
            .mapvalues(argnames=["left", "right"], argvalues=[seen, params_])
        )

    # Draw
    @dag.step("picture", needs=["by_group", "seen"])
    def picture(by_group: Any, seen: Any) -> Any:
        return (
            task(draw.func)
            .validate()
            .set_task_instance_id("picture")
            .handle_errors()
            .with_tracing()
            .partial(
                layers=[
                    by_group,
                    {
                        "data": [seen, "Жук\t日本"],
                        "a long title's key": "a title that is so long that it does not stand beside its key in one line",
                        "n": -7,
                    },
                ],
                one=[seen],
                **(params.get("picture") or {}),
            )
            .call()
        )

    return dag.run()
