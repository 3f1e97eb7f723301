"""Makes the tokenizer of prosa-tiny and its chat template.

Byte-level BPE with one departure from GPT-2: a capitalised word is cut off from the space before
it, and digits stand alone. "Iracema" then has the same tokens at the start of a message, after a
space and after a quote, and the model can copy a name it has never seen. For the same reason a
message that starts in lower case ("chess is my hobby") gets a space before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PAD, USER, ASSISTANT, END = "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"
VOCAB_SIZE = 2_048

_WORDS = Regex(r"\p{N}|\p{Lu}\p{L}*| ?\p{Ll}\p{L}*| ?[^\s\p{L}\p{N}]+|\s")

# A system turn is skipped: the model was trained without one.
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'user' -%}"
    "{{ '<|user|>' + (' ' if message['content'][:1].islower() else '') + message['content'] }}"
    "{%- elif message['role'] == 'assistant' -%}"
    "{{ '<|assistant|>' + message['content'] + '<|end|>' }}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}"
)


def train_tokenizer(lines: Iterable[str]) -> Tokenizer:
    """Learn the merges from `lines`."""
    tokenizer: Any = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_WORDS, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=[PAD, USER, ASSISTANT, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """Look up a special token. Raises KeyError for a tokenizer that lacks it."""
    found = tokenizer.token_to_id(token)
    if found is None:
        raise KeyError(token)
    return found


def for_transformers(tokenizer: Tokenizer, *, context_tokens: int) -> PreTrainedTokenizerFast:
    """Wrap it with the chat template, ready for `save_pretrained`."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[USER, ASSISTANT],
        chat_template=CHAT_TEMPLATE,
        model_max_length=context_tokens,
        clean_up_tokenization_spaces=False,
    )
