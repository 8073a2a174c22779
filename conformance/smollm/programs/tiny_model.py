"""Writes a model of random weights: `tiny_model.py FILE`. It reads any text, and says the words below, at random."""

import sys

import numpy as np
from gguf import GGUFWriter, TokenType

WORDS = ("zorp", "blick", "quam", "thrum", "vexo", "lunt")
"""Nothing else makes these up: whoever gets them has been answered by this model."""

_CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_LAYERS, _WIDTH, _HEADS, _KEYS, _INNER = 2, 64, 4, 2, 128
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def main() -> None:
    writer = GGUFWriter(sys.argv[1], "llama")
    _write_shape(writer)
    _write_vocabulary(writer)
    _write_weights(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_shape(writer: GGUFWriter) -> None:
    writer.add_context_length(2048)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_KEYS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)


def _tokens() -> list[str]:
    # A token for each byte, so that any text can be read, one that is merged, and the words with a blank before each.
    return [*_CONTROL, *_byte_letters(), "th", *(f"Ġ{word}" for word in WORDS)]


def _byte_letters() -> list[str]:
    """Return how the vocabularies of GPT-2 write each byte."""
    shown = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte if byte in shown else next(others)) for byte in range(256)]


def _write_vocabulary(writer: GGUFWriter) -> None:
    tokens = _tokens()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL if token in _CONTROL else TokenType.NORMAL for token in tokens])
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(_CHAT)


def _write_weights(writer: GGUFWriter) -> None:
    chance = np.random.default_rng(seed=7)
    tokens, keys = len(_tokens()), _WIDTH * _KEYS // _HEADS

    def write(name: str, rows: int, columns: int) -> None:
        writer.add_tensor(name, (chance.standard_normal((rows, columns)) / 10).astype(np.float32))

    write("token_embd.weight", tokens, _WIDTH)
    said = np.zeros((tokens, _WIDTH), np.float32)
    # Whatever it thinks of, one of each two opposites is far above all that is not a word.
    likes = 1000 * chance.standard_normal((len(WORDS) // 2, _WIDTH))
    said[-len(WORDS) :] = np.concatenate([likes, -likes])
    writer.add_tensor("output.weight", said)
    writer.add_tensor("output_norm.weight", np.ones(_WIDTH, np.float32))
    for layer in range(_LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(_WIDTH, np.float32))
        write(f"blk.{layer}.attn_q.weight", _WIDTH, _WIDTH)
        write(f"blk.{layer}.attn_k.weight", keys, _WIDTH)
        write(f"blk.{layer}.attn_v.weight", keys, _WIDTH)
        write(f"blk.{layer}.attn_output.weight", _WIDTH, _WIDTH)
        write(f"blk.{layer}.ffn_gate.weight", _INNER, _WIDTH)
        write(f"blk.{layer}.ffn_up.weight", _INNER, _WIDTH)
        write(f"blk.{layer}.ffn_down.weight", _WIDTH, _INNER)


if __name__ == "__main__":
    main()
