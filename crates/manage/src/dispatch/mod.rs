//! Signals: what happened, told to everybody who asked for it, as Django's `django.dispatch`.
//!
//! A signal is a type. `signals.connect(|project, made: &UserCreated| async move { ... }.boxed())` asks for it, or
//! `connect_sync` with a receiver that never waits; `signals.send(project, &UserCreated { .. })` tells it. Receivers are
//! called in the order in which they were connected, one after the other. What must be told only if a transaction holds
//! is sent from `Transaction::on_commit`.

use std::any::{Any, TypeId};
use std::collections::HashMap;

use futures_util::future::BoxFuture;

/// What a receiver comes to.
pub type Received = anyhow::Result<()>;

/// A receiver at work.
pub type Receiving<'a> = BoxFuture<'a, Received>;

/// A receiver of signals of type `T`; `C` is what every receiver can reach besides.
enum Receiver<C, T> {
    Async(for<'a> fn(&'a C, &'a T) -> Receiving<'a>),
    Sync(fn(&C, &T) -> Received),
}

impl<C, T> Receiver<C, T> {
    async fn call(&self, context: &C, signal: &T) -> Received {
        match self {
            Self::Async(receiver) => receiver(context, signal).await,
            Self::Sync(receiver) => receiver(context, signal),
        }
    }
}

/// Who wants to be told of what, by the type of the signal.
pub struct Signals<C> {
    receivers: HashMap<TypeId, Vec<Box<dyn Any + Send + Sync>>>,
    of: std::marker::PhantomData<fn(&C)>,
}

impl<C> Default for Signals<C> {
    fn default() -> Self {
        Self { receivers: HashMap::new(), of: std::marker::PhantomData }
    }
}

impl<C: 'static> Signals<C> {
    /// Asks for every signal of type `T`.
    pub fn connect<T: Any>(&mut self, receiver: for<'a> fn(&'a C, &'a T) -> Receiving<'a>) {
        self.add(Receiver::Async(receiver));
    }

    /// Asks for every signal of type `T` with a receiver that never waits.
    pub fn connect_sync<T: Any>(&mut self, receiver: fn(&C, &T) -> Received) {
        self.add(Receiver::Sync(receiver));
    }

    fn add<T: Any>(&mut self, receiver: Receiver<C, T>) {
        self.receivers.entry(TypeId::of::<T>()).or_default().push(Box::new(receiver));
    }

    /// Tells every receiver; the first that fails keeps those after it from being told.
    ///
    /// # Errors
    /// That of the receiver.
    pub async fn send<T: Any>(&self, context: &C, signal: &T) -> Received {
        for receiver in self.receivers_of::<T>() {
            receiver.call(context, signal).await?;
        }
        Ok(())
    }

    /// Tells every receiver, whatever the others come to; failures are logged (Django's `send_robust`).
    pub async fn send_robust<T: Any>(&self, context: &C, signal: &T) {
        for receiver in self.receivers_of::<T>() {
            if let Err(error) = receiver.call(context, signal).await {
                tracing::error!(signal = std::any::type_name::<T>(), "a receiver failed: {error:#}");
            }
        }
    }

    /// Whether anybody asked for signals of type `T`: what nobody wants need not be made.
    pub fn has_receivers<T: Any>(&self) -> bool {
        self.receivers.contains_key(&TypeId::of::<T>())
    }

    fn receivers_of<T: Any>(&self) -> impl Iterator<Item = &Receiver<C, T>> {
        let found = self.receivers.get(&TypeId::of::<T>()).map_or(&[] as &[_], Vec::as_slice);
        found.iter().filter_map(|receiver| receiver.downcast_ref())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt as _;

    use super::*;

    struct Happened(i32);
    struct Never;

    type Heard = Mutex<Vec<String>>;

    fn signals() -> Signals<Heard> {
        let mut signals = Signals::default();
        signals.connect(|heard: &Heard, signal: &Happened| {
            async move {
                heard.lock().unwrap().push(format!("first {}", signal.0));
                anyhow::ensure!(signal.0 > 0, "not positive");
                Ok(())
            }
            .boxed()
        });
        signals.connect_sync(|heard: &Heard, signal: &Happened| {
            heard.lock().unwrap().push(format!("second {}", signal.0));
            Ok(())
        });
        signals
    }

    #[test]
    fn receivers_are_told_in_order_and_only_of_what_they_asked_for() {
        let (signals, heard) = (signals(), Heard::default());
        signals.send(&heard, &Never).now_or_never().unwrap().unwrap();
        signals.send(&heard, &Happened(1)).now_or_never().unwrap().unwrap();
        assert_eq!(*heard.lock().unwrap(), ["first 1", "second 1"]);
        assert!(signals.has_receivers::<Happened>() && !signals.has_receivers::<Never>());
    }

    #[test]
    fn a_receiver_that_fails_stops_the_others_unless_they_are_told_robustly() {
        let (signals, heard) = (signals(), Heard::default());
        let told = signals.send(&heard, &Happened(0)).now_or_never().unwrap();
        assert_eq!(told.unwrap_err().to_string(), "not positive");
        signals.send_robust(&heard, &Happened(-1)).now_or_never().unwrap();
        assert_eq!(*heard.lock().unwrap(), ["first 0", "first -1", "second -1"]);
    }
}
