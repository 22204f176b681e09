//! A value that others wait for. Waiters are woken in the order in which they began to wait, which Tokio's own `watch`
//! leaves to chance: runs of a simulation could not be repeated.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

/// The side that sets the value. Clones are the same signal.
#[derive(Debug, Clone)]
pub struct Signal<T>(Listener<T>);

/// The side that reads it and waits.
#[derive(Debug)]
pub struct Listener<T>(Arc<Mutex<State<T>>>);

#[derive(Debug)]
struct State<T> {
    value: T,
    /// How often the value changed.
    changes: u64,
    waiting: BTreeMap<u64, Waker>,
    next_ticket: u64,
}

impl<T: Copy + PartialEq> Signal<T> {
    pub fn new(value: T) -> Self {
        let state = State { value, changes: 0, waiting: BTreeMap::new(), next_ticket: 0 };
        Self(Listener(Arc::new(Mutex::new(state))))
    }

    pub fn get(&self) -> T {
        self.0.get()
    }

    pub fn listen(&self) -> Listener<T> {
        self.0.clone()
    }

    pub fn set(&self, value: T) {
        self.update(|_| value);
    }

    /// Sets the value to what `next` makes of it, in one step. Nobody is woken if it stays the same.
    pub fn update(&self, next: impl FnOnce(T) -> T) {
        let mut state = self.0.0.lock();
        let value = next(state.value);
        if value == state.value {
            return;
        }
        state.value = value;
        state.changes += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_values().for_each(Waker::wake);
    }
}

impl<T> Clone for Listener<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Copy + PartialEq> Listener<T> {
    pub fn get(&self) -> T {
        self.0.lock().value
    }

    /// How often the value has changed, for [`Listener::changed_since`].
    pub fn changes(&self) -> u64 {
        self.0.lock().changes
    }

    /// Waits until the value has changed since there were so many `changes`.
    pub async fn changed_since(&self, changes: u64) {
        self.wait(|state| (state.changes != changes).then_some(())).await;
    }

    /// Waits until the value is a wanted one, and answers it. A value that came and went is missed.
    pub async fn wait_for(&self, wanted: impl Fn(T) -> bool) -> T {
        self.wait(|state| wanted(state.value).then_some(state.value)).await
    }

    async fn wait<R>(&self, ready: impl Fn(&State<T>) -> Option<R>) -> R {
        let mut ticket = Ticket { of: self, number: None };
        poll_fn(|context| {
            let mut state = self.0.lock();
            if let Some(result) = ready(&state) {
                return Poll::Ready(result);
            }
            let number = *ticket.number.get_or_insert_with(|| {
                state.next_ticket += 1;
                state.next_ticket
            });
            state.waiting.insert(number, context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

/// A place among the waiting, given up when the wait ends or is dropped.
struct Ticket<'a, T> {
    of: &'a Listener<T>,
    number: Option<u64>,
}

impl<T> Drop for Ticket<'_, T> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.of.0.lock().waiting.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::{sleep, timeout};

    #[tokio::test(start_paused = true)]
    async fn waiters_are_woken_in_order() {
        let (signal, order) = (Signal::new(0), Arc::new(Mutex::new(Vec::new())));
        for waiter in 0..20 {
            let (listener, order) = (signal.listen(), Arc::clone(&order));
            tokio::spawn(async move {
                listener.wait_for(|value| value == 2).await;
                order.lock().push(waiter);
            });
        }
        for value in [1, 2] {
            sleep(Duration::from_millis(1)).await;
            signal.set(value);
        }
        sleep(Duration::from_millis(1)).await;
        assert_eq!(*order.lock(), (0..20).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_between_looking_and_waiting_is_not_missed() {
        let signal = Signal::new(0);
        let listener = signal.listen();
        let seen = listener.changes();
        signal.set(0);
        assert!(timeout(Duration::from_secs(1), listener.changed_since(seen)).await.is_err(), "no change");
        signal.set(1);
        listener.changed_since(seen).await;
        assert!(listener.0.lock().waiting.is_empty(), "a dropped wait leaves nothing behind");
    }
}
