//! What must hold whatever people do: every answer is the one of a plain model, through random sequences of writes,
//! transactions and refused calls, and over trees that are broken in random ways.
//!
//! `SQLITE_BRANCH_CASES` sets the number of cases; each test prints it.

mod host;
mod model;

use std::io::Write;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

use model::acts::any_act;
use model::asking::Dice;
use model::compare::Comparison;
use model::places::any_place;
use model::raw::any_raw;
use model::world::World;

/// Where cases that failed are kept, to be tried first from then on.
const SEEDS: &str = "tests/seeds/properties.txt";

/// The number of cases, from the environment or as given.
fn cases(usual: u32) -> u32 {
    std::env::var("SQLITE_BRANCH_CASES")
        .ok()
        .map_or(usual, |cases| {
            cases.parse().expect("SQLITE_BRANCH_CASES is a number")
        })
}

fn runner(name: &str, usual: u32) -> TestRunner {
    let config = Config {
        cases: cases(usual),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(SEEDS))),
        max_shrink_iters: 2000,
        ..Config::default()
    };
    // Past the test harness, which would keep it to itself.
    let mut aloud = std::io::stderr();
    writeln!(aloud, "{name}: {} cases", config.cases).unwrap();
    TestRunner::new(config)
}

#[test]
fn every_answer_is_the_models() {
    let acts = proptest::collection::vec(any_act(), 1..60);
    let case = (any_place(), acts, any::<u64>());
    let outcome = runner("every_answer_is_the_models", 400).run(&case, |(place, acts, seed)| {
        let mut world = World::new(&place);
        for act in &acts {
            world.act(act);
        }
        world.finish(seed);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn broken_trees_give_the_right_answer_or_say_what_is_broken() {
    let name = "broken_trees_give_the_right_answer_or_say_what_is_broken";
    let outcome = runner(name, 500).run(&any_raw(), |raw| {
        let mut model = raw.model();
        let opened = raw.store(&model);
        let mut dice = Dice::new(raw.seed);
        for _ in 0..3 {
            let mut comparison = Comparison {
                connection: &opened.connection,
                model: &model,
                dice: Dice::new(raw.seed),
            };
            comparison.stored();
            comparison.reads();
            model.write_somewhere(&opened.connection, &mut dice);
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
