# %% [markdown]
# # A tour of all forms

# %%
import wt_tour_workflow.dags  # noqa: F401, I001

# %%
import os
from collections.abc import Callable
from typing import Any

import wt_task
from ext_old.tasks import draw
from ext_sky.more import count as count_2
from ext_sky.tasks import count as count_1
from ext_sky.tasks import is_empty
from ext_sky.tasks.io import fetch

task: Callable[..., Any] = wt_task.task

# %% [markdown]
# ## Parameters
# They are those of the file that `run --config-file` takes.

# %% tags=["parameters"]
params: dict[str, Any] = {
    "seen": {
        # "since": ...,  # required
        # "limit": 5,
    },
    "picture": {
        # "limit": 5,
    },
}

# %% [markdown]
# ## Get what was seen — 🌙

# %%
seen = (
    task(fetch)
    .validate()
    .set_task_instance_id("seen")
    .handle_errors()
    .with_tracing()
    .partial(token=os.environ["SKY_TOKEN"], **(params.get("seen") or {}))
    .call()
)
seen

# %% [markdown]
# ## Counts

# %%
params_ = (
    task(count_1)
    .validate()
    .set_task_instance_id("params")
    .handle_errors()
    .with_tracing()
    .partial(scale=1e3, empty=None, deep=True, **(params.get("params") or {}))
    .map(argnames=["item"], argvalues=seen)
)
params_

# %% [markdown]
# ## by_group

# %%
by_group = (
    task(count_2)
    .validate()
    .set_task_instance_id("by_group")
    .handle_errors()
    .with_tracing()
    .skipif(conditions=[is_empty], unpack_depth=2)
    .partial(text='say "it\'s"', limit=float("-inf"), **(params.get("by_group") or {}))
    .mapvalues(argnames=["left", "right"], argvalues=[seen, params_])
)
by_group

# %% [markdown]
# ## Draw

# %%
picture = (
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
picture
