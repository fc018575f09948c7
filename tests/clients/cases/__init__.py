"""Programs of the client tests: each module covers one part of the DataFrame API."""
