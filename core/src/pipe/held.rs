//! Workers that end with whoever started them.

use tokio::task::{JoinError, JoinHandle};

/// A worker that ends with whoever holds it: dropping it cuts it off at its next wait.
pub(crate) struct Held<T>(JoinHandle<T>);

impl<T: Send + 'static> Held<T> {
    pub(crate) fn start(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    /// What it ended with. Cancel-safe; not to be asked again after it answered.
    pub(crate) async fn ended(&mut self) -> Result<T, JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
