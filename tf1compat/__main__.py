"""``python -m tf1compat <task>``: the same as the ``tf1compat`` command."""

from tf1compat.apps.main import run

if __name__ == "__main__":
    run()
