//! How much an input may allocate.

/// Beyond it the process ends at once: what would otherwise take the machine down.
pub(crate) const NEVER_MORE: usize = 2 << 30;

/// What all targets together may have allocated at any moment. Inputs are below 100 KB; what they inflate to is bounded
/// by 4 MB (payloads) or by what deflate can do, a thousandfold.
const LIMIT: usize = 192 << 20;

/// Fails when more was allocated at once than any input gives reason for.
pub(crate) fn check() {
    let most = crate::MEMORY.max_allocated();
    assert!(most <= LIMIT, "{most} bytes were allocated at once, the limit is {LIMIT}");
}
