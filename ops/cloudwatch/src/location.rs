//! Location in a file, so that every error can name it.

use std::fmt;

/// A file and a path in it, such as `alarms/slo.json: Resources.ApiBurn.Properties.Metrics[0]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    file: String,
    path: String,
}

impl Location {
    /// The whole file.
    #[must_use]
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), path: String::new() }
    }

    /// The member `name` of the object here.
    #[must_use]
    pub fn member(&self, name: &str) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { file: self.file.clone(), path }
    }

    /// The item `index` of the array here.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self { file: self.file.clone(), path: format!("{}[{index}]", self.path) }
    }

    /// The file's name, as it was given.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.file);
        }
        write!(f, "{}: {}", self.file, self.path)
    }
}
