"""`python -m alb502.healthcheck`: what an image's HEALTHCHECK runs; see `bot.healthcheck`."""

from alb502 import use_own_parts

if __name__ == "__main__":
    use_own_parts()
    from bot.healthcheck import main

    main()
