import pytest

from pipelines.inference.number_formats import computed_in


@pytest.mark.parametrize(
    ("capabilities", "dtype", "expected"),
    [
        ({"avx2": True, "avx512_bf16": False}, "bfloat16", "float32"),
        ({"avx2": True}, "float16", "float32"),
        ({"avx2": True}, "float32", "float32"),
        ({"avx512_bf16": True, "avx512_fp16": False}, "bfloat16", "bfloat16"),
        ({"avx512_bf16": True, "avx512_fp16": False}, "float16", "float32"),
        ({"neon": True, "bf16": True, "fp16_arith": True}, "bfloat16", "bfloat16"),
        ({"neon": True, "bf16": True, "fp16_arith": True}, "float16", "float16"),
    ],
)
def test_a_cpu_computes_in_what_it_has_instructions_for(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], dtype: str, expected: str
) -> None:
    import torch

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)

    assert computed_in(dtype, on_gpu=False) == expected
    assert computed_in(dtype, on_gpu=True) == dtype
