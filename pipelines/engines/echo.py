"""Engine `echo`: gives every text back, in the form of a model that keeps to the marks."""

from pipelines.contracts.engine import Engine, EngineFn, Prompt, Reply
from pipelines.rewriters.prompts.marked_reply import marked
from pipelines.texts.chunking import estimated_tokens


class Echo(Engine):
    """Answers each prompt with its own text: for tests, for dry runs, and to see what a rewrite would cost.

    Tokens are estimated from bytes; the tokens out are those of a rewrite as long as its original.
    """

    def open(self) -> EngineFn:
        """The function that answers each prompt with its own text between the marks; nothing is loaded."""
        return lambda prompts: [_echo(prompt) for prompt in prompts]


def _echo(prompt: Prompt) -> Reply:
    text = marked(prompt.text.strip())
    tokens_in = sum(estimated_tokens(message.content) for message in prompt.messages)
    return Reply(text, tokens_in=tokens_in, tokens_out=estimated_tokens(text))
