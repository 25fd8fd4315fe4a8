"""Number formats: what a model is computed in on this machine."""

# Any of them makes the format quick; by their names in `torch.cpu.get_capabilities`, x86 first.
INSTRUCTIONS = {
    "bfloat16": ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"),
    "float16": ("avx512_fp16", "amx_fp16", "fp16_arith"),
}


def computed_in(dtype: str, on_gpu: bool) -> str:
    """`dtype`, or float32 on a CPU without instructions for it: there that is more exact and many times as quick.

    A product of matrices took 31 times as long in bfloat16 as in float32 on a CPU that has AVX2 and no more.
    """
    import torch

    if on_gpu or dtype not in INSTRUCTIONS:
        return dtype
    has = torch.cpu.get_capabilities()
    return dtype if any(has.get(name) for name in INSTRUCTIONS[dtype]) else "float32"
