"""One state for several servers, which Redis keeps."""
