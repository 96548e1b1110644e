//! Workers that fail right after their start are not started again at once.

use std::time::{Duration, Instant};

/// A worker that lived this long did not fail at its start.
const LONG: Duration = Duration::from_secs(5);

/// The first pause; each further failure doubles it.
const FIRST: Duration = Duration::from_millis(100);

/// The longest pause.
const LAST: Duration = Duration::from_secs(10);

/// When the next worker may be started.
#[derive(Default)]
pub(super) struct BackOff {
    failures: u32,
    until: Option<Instant>,
}

impl BackOff {
    /// A worker failed after this time. The pause that follows.
    pub(super) fn failed(&mut self, after: Duration) -> Duration {
        self.failures = if after >= LONG { 0 } else { self.failures + 1 };
        let pause = match self.failures {
            0 => Duration::ZERO,
            failures => FIRST.saturating_mul(1 << (failures - 1).min(16)).min(LAST),
        };
        self.until = Some(Instant::now() + pause);
        pause
    }

    /// Whether it is too early.
    pub(super) fn is_on(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_a_worker_lives() {
        let mut back_off = BackOff::default();
        let soon = Duration::from_millis(10);
        let pauses: Vec<u64> = (0..9).map(|_| back_off.failed(soon).as_millis() as u64).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        assert!(back_off.is_on());
        assert_eq!(back_off.failed(LONG), Duration::ZERO);
        assert_eq!(back_off.failed(soon), FIRST);
    }
}
