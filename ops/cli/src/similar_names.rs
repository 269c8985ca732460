//! Unknown names, and the most similar known one ("did you mean …?").

/// From this similarity on, of 0 to 1, a name is taken for a mistyped one; clap takes the same.
const ALIKE: f64 = 0.7;

/// An unknown name.
#[derive(Debug, thiserror::Error)]
#[error("there is no {kind} {name}; {}{all}", self.hint())]
pub(crate) struct UnknownName {
    kind: &'static str,
    name: String,
    nearest: Option<String>,
    /// How to see all of them.
    all: &'static str,
}

impl UnknownName {
    /// The error for `name`, which is none of `known`.
    pub(crate) fn among<'a>(
        kind: &'static str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
        all: &'static str,
    ) -> Self {
        Self { kind, name: name.to_owned(), nearest: nearest(name, known).map(str::to_owned), all }
    }

    fn hint(&self) -> String {
        match &self.nearest {
            Some(nearest) if similarity(&self.name, nearest) > ALIKE => format!("did you mean {nearest}? "),
            Some(nearest) => format!("the nearest is {nearest}; "),
            None => String::new(),
        }
    }
}

/// The known name that is most similar to `name`.
fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known = known.into_iter().map(|it| (similarity(name, it), it));
    known.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, it)| it)
}

/// The most similar known name, if its similarity is high enough to suggest it.
pub(crate) fn probably_meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(name, known).filter(|it| similarity(name, it) > ALIKE)
}

fn similarity(one: &str, other: &str) -> f64 {
    strsim::jaro(&one.to_lowercase(), &other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["queue-backlog", "dlq-not-empty", "slo-burn"];

    fn shown(name: &str, known: &[&str]) -> String {
        UnknownName::among("alarm", name, known.iter().copied(), "`ops alarms list` names them all")
            .to_string()
    }

    #[test]
    fn a_mistyped_name_is_answered_with_the_nearest() {
        assert_eq!(
            shown("queue-backlg", &KNOWN),
            "there is no alarm queue-backlg; did you mean queue-backlog? `ops alarms list` names them all"
        );
        assert!(shown("DLQ-not-empt", &KNOWN).contains("did you mean dlq-not-empty?"));
    }

    #[test]
    fn a_name_like_none_is_answered_with_the_nearest_but_not_taken_for_it() {
        assert!(shown("zzz", &KNOWN).contains("the nearest is "), "{}", shown("zzz", &KNOWN));
        assert_eq!(probably_meant("zzz", KNOWN), None);
        assert_eq!(shown("a", &[]), "there is no alarm a; `ops alarms list` names them all");
    }
}
