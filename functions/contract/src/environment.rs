//! Environment variables of the functions, read alike: a blank one counts as missing, and an error names the variable
//! and never its value.

use std::str::FromStr;

/// The environment, read through a function, so that tests need not set variables of their process.
#[derive(Clone, Copy, Debug)]
pub struct Environment<F>(pub F);

/// An environment variable is missing or malformed.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name} is missing or malformed")]
pub struct VariableError {
    /// The variable.
    pub name: &'static str,
}

impl<F: Fn(&str) -> Option<String>> Environment<F> {
    /// The text of `name`, where it has one.
    pub fn text(&self, name: &'static str) -> Option<String> {
        (self.0)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The text of `name`.
    ///
    /// # Errors
    ///
    /// It is missing or blank.
    pub fn required(&self, name: &'static str) -> Result<String, VariableError> {
        self.text(name).ok_or(VariableError { name })
    }

    /// The value of `name`, or `default` where it is missing or blank.
    ///
    /// # Errors
    ///
    /// It is malformed.
    pub fn or<T: FromStr>(&self, name: &'static str, default: T) -> Result<T, VariableError> {
        self.text(name).map_or(Ok(default), |text| text.parse().map_err(|_| VariableError { name }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_variables_are_missing_and_malformed_ones_are_named_without_their_value() {
        let environment = Environment(|name: &str| match name {
            "BLANK" => Some(" ".to_owned()),
            "NUMBER" => Some(" 7 ".to_owned()),
            "SECRET" => Some("hunter2".to_owned()),
            _ => None,
        });

        assert_eq!(environment.or("NUMBER", 1).unwrap(), 7);
        assert_eq!(environment.or("BLANK", 1).unwrap(), 1);
        assert_eq!(environment.or("ABSENT", 1).unwrap(), 1);
        assert_eq!(environment.required("NUMBER").unwrap(), "7");
        assert_eq!(
            environment.required("BLANK").unwrap_err().to_string(),
            "environment variable BLANK is missing or malformed"
        );
        assert_eq!(
            environment.or("SECRET", 1).unwrap_err().to_string(),
            "environment variable SECRET is missing or malformed"
        );
    }
}
