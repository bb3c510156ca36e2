"""`python -m alb502` is `alb502`."""

from alb502 import main

if __name__ == "__main__":
    main()
