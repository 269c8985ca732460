//! Test suite of a folder of alarms, from the texts of its files.

use std::collections::BTreeMap;

use serde_json::Value;

use super::bench::{Bench, BenchError, Mismatch};
use super::file::{self, FileError, Test};
use super::mutation::{self, Equivalents, Report};
use crate::location::Location;
use crate::template::{Template, TemplateError};

/// A file's name, for errors, and its text.
pub type NamedText = (String, String);

/// The tests of a folder, ready to run.
#[derive(Clone, Debug)]
pub struct Suite {
    bench: Bench,
    tests: Vec<Test>,
    equivalents: Equivalents,
}

/// A file of a suite that is not understood.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Any other file.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Suite {
    /// A suite of templates, the parameters they are tested with, tests, and the list of equivalent mutants.
    ///
    /// # Errors
    /// A file that is not understood.
    pub fn read(
        templates: &[NamedText],
        parameters: &NamedText,
        tests: &[NamedText],
        equivalents: &NamedText,
    ) -> Result<Self, SuiteError> {
        let templates: Result<Vec<Template>, TemplateError> =
            templates.iter().map(|(name, text)| Template::parse(name, text)).collect();
        let mut all = Vec::new();
        for (name, text) in tests {
            all.extend(file::read(name, text)?);
        }
        let bench = Bench::new(templates?, self::parameters(parameters)?);
        Ok(Self { bench, tests: all, equivalents: Equivalents::read(&equivalents.0, &equivalents.1)? })
    }

    /// The alarms under test, as the suite's parameters make them.
    #[must_use]
    pub fn bench(&self) -> &Bench {
        &self.bench
    }

    /// The tests, in the order of the files.
    #[must_use]
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// Runs a test; `None` when all that it claims is so.
    ///
    /// # Errors
    /// A test that cannot be run.
    pub fn run(&self, test: &Test) -> Result<Option<Mismatch>, BenchError> {
        self.bench.run(test)
    }

    /// Makes every alarm wrong in every way, and returns the changes that no test notices.
    ///
    /// # Errors
    /// Tests that fail already on the alarms as they are.
    pub fn mutate(&self) -> Result<Report, BenchError> {
        mutation::check(&self.bench, &self.tests, &self.equivalents)
    }
}

fn parameters((name, text): &NamedText) -> Result<BTreeMap<String, String>, FileError> {
    let location = Location::file(name.as_str());
    let document: Value = serde_json::from_str(text)
        .map_err(|source| FileError::Json { location: location.clone(), source })?;
    file::strings(&document, &location)
}
