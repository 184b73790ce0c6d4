//! What was found out: tables for people, and two CSV files for programs.

use std::fmt::Write as _;
use std::path::Path;

/// What a figure has to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// It is there to explain others.
    None,
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
            Self::None => true,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(limit) => format!("<= {limit}"),
            Self::AtLeast(limit) => format!(">= {limit}"),
            Self::None => String::new(),
        }
    }
}

struct Figure {
    group: String,
    case: String,
    what: String,
    value: f64,
    target: Target,
}

/// One time, for the plot.
struct Time {
    group: String,
    case: String,
    messages: usize,
    who: &'static str,
    seconds: f64,
}

/// All figures, in the order in which they came.
#[derive(Default)]
pub struct Report {
    group: String,
    legend: String,
    figures: Vec<Figure>,
    times: Vec<Time>,
}

impl Report {
    /// What follows belongs to this heading.
    pub fn group(&mut self, name: &str, legend: &str) {
        name.clone_into(&mut self.group);
        legend.clone_into(&mut self.legend);
    }

    /// Notes a figure: a row of the group's table is a case, a column is what was measured of it.
    pub fn figure(&mut self, case: &str, what: &str, value: f64, target: Target) {
        self.figures.push(Figure {
            group: self.group.clone(),
            case: case.to_owned(),
            what: what.to_owned(),
            value,
            target,
        });
    }

    /// Notes how long one of those that were compared took for so many messages.
    pub fn time(&mut self, case: &str, messages: usize, who: &'static str, seconds: f64) {
        self.times.push(Time {
            group: self.group.clone(),
            case: case.to_owned(),
            messages,
            who,
            seconds,
        });
    }

    /// Prints the table of the current group.
    pub fn print_group(&self) {
        let figures: Vec<&Figure> = self
            .figures
            .iter()
            .filter(|figure| figure.group == self.group)
            .collect();
        let cases = distinct(figures.iter().map(|figure| figure.case.as_str()));
        let whats = distinct(figures.iter().map(|figure| figure.what.as_str()));
        if cases.is_empty() {
            return;
        }
        let wide = |texts: &[&str]| texts.iter().map(|text| text.chars().count()).max();
        let first = wide(&cases).unwrap_or(0);
        println!("\n{}\n  {}", self.group, self.legend);
        let mut head = format!("  {:first$}", "");
        let mut targets = format!("  {:first$}", "to reach");
        for what in &whats {
            let mut wanted: Vec<String> = Vec::new();
            for figure in figures.iter().filter(|figure| figure.what == *what) {
                let text = figure.target.text();
                if !text.is_empty() && !wanted.contains(&text) {
                    wanted.push(text);
                }
            }
            let width = what.chars().count().max(9);
            write!(head, "  {what:>width$} ").unwrap();
            let wanted = wanted.join(" or ");
            write!(targets, "  {wanted:>width$} ").unwrap();
        }
        println!("{head}\n{targets}");
        for case in cases {
            let mut line = format!("  {case:first$}");
            for what in &whats {
                let width = what.chars().count().max(9);
                let found = figures
                    .iter()
                    .find(|figure| figure.case == case && figure.what == *what);
                match found {
                    Some(figure) => {
                        let value = readable(figure.value);
                        let mark = if figure.target.is_met(figure.value) {
                            ' '
                        } else {
                            '!'
                        };
                        write!(line, "  {value:>width$}{mark}").unwrap();
                    }
                    None => write!(line, "  {:>width$} ", "-").unwrap(),
                }
            }
            println!("{}", line.trim_end());
        }
    }

    /// Prints what was missed.
    pub fn print_summary(&self) {
        let aims = self.figures.iter().filter(|it| it.target != Target::None);
        let (met, missed): (Vec<&Figure>, Vec<&Figure>) =
            aims.partition(|figure| figure.target.is_met(figure.value));
        println!(
            "\n{} of {} targets met.",
            met.len(),
            met.len() + missed.len()
        );
        for group in distinct(missed.iter().map(|figure| figure.group.as_str())) {
            let count = missed.iter().filter(|it| it.group == group).count();
            println!("  {count} missed, marked with ! above: {group}");
        }
    }

    /// Writes `figures.csv` and `times.csv` into a directory.
    pub fn write(&self, directory: &Path) -> std::io::Result<()> {
        let mut figures = String::from("group,case,figure,value,target,met\n");
        for figure in &self.figures {
            let met = match figure.target {
                Target::None => "",
                target if target.is_met(figure.value) => "yes",
                _ => "no",
            };
            writeln!(
                figures,
                "{},{},{},{},{},{met}",
                quoted(&figure.group),
                quoted(&figure.case),
                quoted(&figure.what),
                figure.value,
                quoted(&figure.target.text())
            )
            .unwrap();
        }
        let mut times = String::from("group,case,messages,who,seconds\n");
        for time in &self.times {
            writeln!(
                times,
                "{},{},{},{},{:e}",
                quoted(&time.group),
                quoted(&time.case),
                time.messages,
                time.who,
                time.seconds
            )
            .unwrap();
        }
        std::fs::create_dir_all(directory)?;
        std::fs::write(directory.join("figures.csv"), figures)?;
        std::fs::write(directory.join("times.csv"), times)
    }
}

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut list = Vec::new();
    for text in texts {
        if !list.contains(&text) {
            list.push(text);
        }
    }
    list
}

fn readable(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        large if large >= 20.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
