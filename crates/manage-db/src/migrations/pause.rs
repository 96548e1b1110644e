//! Pauses between two attempts, each twice as long as the one before.

use std::time::Duration;

/// The pauses of somebody who tries again and again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pauses {
    /// The first one.
    pub shortest: Duration,
    /// None is longer.
    pub longest: Duration,
}

impl Pauses {
    /// The pause behind attempt `number`, from 0.
    pub(super) fn behind(self, number: u32) -> Duration {
        self.shortest.saturating_mul(2_u32.saturating_pow(number)).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses = Pauses { shortest: Duration::from_millis(100), longest: Duration::from_secs(1) };
        let found: Vec<u128> =
            [0, 1, 2, 3, 4, u32::MAX].map(|number| pauses.behind(number).as_millis()).to_vec();
        assert_eq!(found, [100, 200, 400, 800, 1000, 1000]);
    }
}
