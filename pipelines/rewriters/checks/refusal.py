"""Check `refusal`: how a model begins when it declines to answer."""

import re

REFUSAL = re.compile(
    r"\A\W*(?:(?:i['’]?m|i am) (?:very |truly )?sorry\W+(?:but )?(?:i|as an ai)\b"
    r"|(?:sorry\W+(?:but )?)?i "
    r"(?:can['’]?t|cannot|can not|am unable to|am not able to|won['’]?t|will not|must decline to) "
    r"(?:help|assist|rewrite|simplify|edit|fulfil|comply|provide|create|generate|process|do that|continue)"
    r"|as an ai\b)",
    re.IGNORECASE,
)
