"""`python -m training` is `python -m training.train`; `make train` runs it."""

from __future__ import annotations

from training.train import main

if __name__ == "__main__":
    main()
