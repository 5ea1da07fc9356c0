"""When two questions may share one answer: what they say is compared word by word, never their vectors alone.

`words` cuts a text, `kinds` tells what is asked for, `reading` puts both together, `judgement` compares two readings. Pure:
nothing here embeds, waits or remembers but `store`, which holds questions with their vectors.
"""
