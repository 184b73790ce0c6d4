//! Times of several things that are to be compared: run in turn, so that whatever else the machine does hits them
//! alike. What counts is the median over the rounds of the ratio within a round, which neither a slow spell nor a
//! clock that speeds up moves.

use std::time::{Duration, Instant};

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// For all cases of one comparison together.
    pub budget: Duration,
    /// Rounds to do even when they take longer.
    pub least: usize,
    /// Rounds after which more would tell nothing new.
    pub most: usize,
}

/// A sample of something shorter than this would measure the clock; it is repeated.
const SAMPLE: Duration = Duration::from_micros(300);

/// One of the things to compare.
pub struct Case<'a> {
    name: &'static str,
    sample: Box<dyn FnMut() -> Duration + 'a>,
}

impl<'a> Case<'a> {
    /// Something to do over and over, all of which counts.
    pub fn new(name: &'static str, mut work: impl FnMut() + 'a) -> Self {
        let mut repeats = 0;
        Self {
            name,
            sample: Box::new(move || {
                if repeats == 0 {
                    work();
                    let started = Instant::now();
                    work();
                    let once = started.elapsed().max(Duration::from_nanos(10));
                    let needed = SAMPLE.as_nanos() / once.as_nanos() + 1;
                    repeats = u32::try_from(needed).unwrap_or(u32::MAX);
                }
                let started = Instant::now();
                for _ in 0..repeats {
                    work();
                }
                started.elapsed() / repeats
            }),
        }
    }

    /// Something that measures itself, because not all of what it does counts.
    pub fn timed(name: &'static str, sample: impl FnMut() -> Duration + 'a) -> Self {
        Self {
            name,
            sample: Box::new(sample),
        }
    }
}

/// What was measured.
pub struct Times {
    /// For each case its name and, round by round, the seconds.
    cases: Vec<(&'static str, Vec<f64>)>,
}

/// Runs all cases in turn, again and again.
pub fn interleaved(mut cases: Vec<Case<'_>>, pace: Pace) -> Times {
    let mut times: Vec<(&'static str, Vec<f64>)> =
        cases.iter().map(|case| (case.name, Vec::new())).collect();
    // Caches are warm from here on, and the numbers of repeats known.
    for case in &mut cases {
        (case.sample)();
    }
    let started = Instant::now();
    for round in 0..pace.most {
        if round >= pace.least && started.elapsed() >= pace.budget {
            break;
        }
        // Each follows each of the others in turn.
        for turn in 0..cases.len() {
            let at = (round + turn) % cases.len();
            let seconds = (cases[at].sample)().as_secs_f64();
            times[at].1.push(seconds);
        }
    }
    Times { cases: times }
}

impl Times {
    fn of(&self, name: &str) -> &[f64] {
        let found = self.cases.iter().find(|(case, _)| *case == name);
        &found.unwrap_or_else(|| panic!("no case {name}")).1
    }

    /// The median time of a case.
    pub fn seconds(&self, name: &str) -> f64 {
        median(self.of(name).to_vec())
    }

    /// How many times as long `a` takes as `b`.
    pub fn ratio(&self, a: &str, b: &str) -> f64 {
        let pairs = self.of(a).iter().zip(self.of(b));
        median(pairs.map(|(a, b)| a / b).collect())
    }
}

/// The middle one of some numbers, of which there is at least one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
