//! The codec against captured files, its own encoder, and damage.
#![allow(clippy::unwrap_used)]

mod captured;
mod dump;
mod framing;
mod robustness;
mod round_trip;
