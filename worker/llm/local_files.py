"""Finds and loads the files of a local model. `local.py` calls it, off the event loop.

The only place of the worker that imports transformers' model classes, and only when a local model
is asked for: torch takes seconds and 300 MB that a worker with paid models alone need not spend.
"""

from __future__ import annotations

import importlib
import logging
from pathlib import Path
from typing import Any

from worker.llm.errors import ModelMisconfigured
from worker.llm.local_transformers import Loaded


def load_files(model_id: str, *, models: Path, threads: int, dtype: str) -> Loaded:
    """Load `local:<name>`: a folder of `models`, any folder, or a model id of the Hugging Face hub.

    Weights are safetensors and no code of the model's repository is run. Blocking; takes seconds.

    Raises:
        ModelMisconfigured: there is no such model, it cannot be read, or it cannot chat.
    """
    source = _source(model_id, models)
    # transformers types almost nothing of this, hence Any; `Loaded` says what is used from here on.
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    _quieten_transformers()
    # One core is left to the event loop: with all of them its delay grows fourfold.
    torch.set_num_threads(threads)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        network = transformers.AutoModelForCausalLM.from_pretrained(
            source, trust_remote_code=False, use_safetensors=True, dtype=dtype
        )
    except (OSError, ValueError, KeyError, RuntimeError) as exc:
        raise ModelMisconfigured(model_id, _why(source, exc)) from exc
    if not tokenizer.chat_template:
        raise ModelMisconfigured(model_id, "the model has no chat template, so it cannot chat")
    if torch.cuda.is_available():
        network = network.to("cuda")
    return Loaded(network.eval(), tokenizer)


def _quieten_transformers() -> None:
    """Keep what the library says of its own workings, and its progress bars, out of our log."""
    importlib.import_module("transformers.utils.logging").disable_progress_bar()
    batching: Any = importlib.import_module("transformers.generation.continuous_batching.utils")
    batching.logger.setLevel(logging.WARNING)


def _source(model_id: str, models: Path) -> str:
    name = model_id.removeprefix("local:")
    for folder in (models / name, Path(name)):
        if (folder / "config.json").is_file():
            return str(folder)
    if name.count("/") == 1 and not name.startswith((".", "/")):
        return name
    shipped = sorted(path.parent.name for path in models.glob("*/config.json"))
    raise ModelMisconfigured(
        model_id,
        f"no folder {models / name} with a config.json; there is: {', '.join(shipped) or 'none'}",
    )


def _why(source: str, exc: Exception) -> str:
    first_line = str(exc).strip().splitlines()[0] if str(exc).strip() else type(exc).__name__
    if Path(source).exists():
        return f"the files in {source} cannot be loaded: {first_line}"
    return (
        f"{source} is not on this machine and could not be fetched from the Hugging Face hub "
        f"(no network, no such model, or one that asks for a login): {first_line}"
    )
