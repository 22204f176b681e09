//! What this Server knows of everything at this moment: the list, the overview, events and the history all read it.
//!
//! [`reader`] reads the tree through a mirror, so that only what changed is fetched; [`moment`] is what it makes of it;
//! [`keeper`] does so again and again, and at once for whoever asks. [`list`] and [`overview`] are answered from it.

pub(crate) mod keeper;
pub(crate) mod list;
pub(crate) mod moment;
pub(crate) mod overview;
mod reader;
