"""`python -m bot` is `alb502`."""

from bot.cli import main

if __name__ == "__main__":
    main()
