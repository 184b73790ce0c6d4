//! How long a harness runs, and with which random numbers.

/// A number of repetitions: `short`, times what the environment variable `RELIABILITY_SIZE` says (default 1).
pub fn size(short: usize) -> usize {
    short.saturating_mul(number("RELIABILITY_SIZE").map_or(1, |size| size.max(1) as usize))
}

/// Random numbers, for repetition `at` of a harness. The same ones each time, unless `RELIABILITY_SEED` says otherwise.
pub fn random(at: usize) -> fastrand::Rng {
    fastrand::Rng::with_seed(seed().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at as u64)
}

/// `RELIABILITY_SEED`, or 1.
pub fn seed() -> u64 {
    number("RELIABILITY_SEED").unwrap_or(1)
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{name} must be a number, not {text:?}"),
    }
}
