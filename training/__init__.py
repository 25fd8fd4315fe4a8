"""The training floor: packed sequences in, a model that transformers and vLLM load out.

A `Curriculum` turns the difficulty of every sequence into a plan, an array of sequence numbers in training order. Step
and rank alone say which part of the plan a worker reads next (`batches`), so any number of workers sees the same
batches. `train` starts the workers under Ray Train; each runs `loop.work`: a DeepSpeed `engine` around a network of a
`Model` family, an `Objective` that says what of a sequence the network has to tell, a learning rate from `schedules`,
`metrics` for those who watch, and a `checkpoint` that the same command goes on from, whatever was killed. At the end
the weights are exported, and `measures` say how many bits the model spends on a byte of text that it has never seen.
"""
