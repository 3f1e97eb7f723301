"""A paid model's server, on this machine and scriptable: the one thing tests do not have for real.

It speaks the wire formats of OpenAI's Responses and Anthropic's Messages API, so the official SDKs
are tested as they are, by their `base_url`. `script.py` says what it can do, well or badly.
"""
