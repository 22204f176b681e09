//! The source's end of a pipe.
