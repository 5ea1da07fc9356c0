"""OpenAI's forms: chat completions, legacy completions, responses, and what passes untranslated."""
