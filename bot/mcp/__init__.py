"""For AI assistants: the diagnosis as tools of the Model Context Protocol. They read; nothing here can change AWS.

Only `bot.mcp.server` knows the SDK. What was read from AWS, logs and people is marked as data in every answer.
"""
