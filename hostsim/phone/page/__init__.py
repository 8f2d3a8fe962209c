"""What the page thinks: pure Python that runs in the browser on MicroPython's WebAssembly build, and here on CPython."""
