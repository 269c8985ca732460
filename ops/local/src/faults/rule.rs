//! Rules: what goes wrong, with which calls, how often; also as JSON, for drills and whoever else uses the console's door.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::ApiCall;

/// What goes wrong, with which calls, how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The service as signatures name it, such as `dynamodb`; empty for any.
    #[serde(default)]
    pub service: Cow<'static, str>,
    /// The API operation, such as `PutItem`; empty for any.
    #[serde(default)]
    pub operation: Cow<'static, str>,
    /// What the call's subject must contain, such as an image's id; empty for any.
    #[serde(default)]
    pub subject: String,
    /// How many calls pass before the first that is struck.
    #[serde(default)]
    pub after: usize,
    /// How many calls are struck; all, unless stated.
    #[serde(default = "every_call")]
    pub times: usize,
    /// With which probability a call is counted at all, from 0 to 1.
    #[serde(default = "certainty")]
    pub probability: f64,
    /// What happens to them.
    pub fault: InjectedFault,
}

/// An injected fault: what happens to a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum InjectedFault {
    /// The service answers no, in its own form; clients of the CBOR protocol see the status only.
    Refuse {
        /// The HTTP status.
        #[serde(with = "status")]
        status: StatusCode,
        /// The error's code, such as `ThrottlingException`.
        code: Cow<'static, str>,
    },
    /// The call takes this much longer.
    #[serde(rename = "delay-ms", with = "milliseconds")]
    Delay(Duration),
    /// The call waits until the rule ends, and is then made.
    Hold,
    /// The connection ends before the service hears of the call.
    Drop,
    /// The service does what it is asked, and the connection ends before the answer.
    Lose,
    /// The service does what it is asked, and the connection ends after this many bytes of the answer's body.
    #[serde(rename = "truncate-after-bytes")]
    Truncate(usize),
    /// The calling process is killed before the service hears of the call.
    KillBefore,
    /// The service does what it is asked, and the calling process is killed before the answer.
    KillAfter,
    /// The engine stands still when it should hear of the call: nobody is answered until this time is over, or the rule.
    #[serde(rename = "engine-stops-ms", with = "milliseconds")]
    EngineStops(Duration),
    /// The engine is restarted when it should hear of the call; it keeps what it holds, and the functions end with it.
    EngineRestarts,
    /// From this call until the rule ends the disk is full for the engine and the functions: no file grows.
    DiskFull,
}

impl Rule {
    /// Strikes the next call of an operation about a subject.
    #[must_use]
    pub fn next(
        service: impl Into<Cow<'static, str>>,
        operation: impl Into<Cow<'static, str>>,
        subject: &str,
        fault: InjectedFault,
    ) -> Self {
        Self {
            service: service.into(),
            operation: operation.into(),
            subject: subject.to_owned(),
            after: 0,
            times: 1,
            probability: certainty(),
            fault,
        }
    }

    pub(super) fn is_about(&self, call: &ApiCall) -> bool {
        (self.service.is_empty() || self.service == call.service)
            && (self.operation.is_empty() || self.operation == call.operation)
            && call.subject.contains(&self.subject)
    }
}

fn every_call() -> usize {
    usize::MAX
}

fn certainty() -> f64 {
    1.0
}

mod status {
    use http::StatusCode;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(status.as_u16())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusCode, D::Error> {
        StatusCode::from_u16(u16::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_survives_its_json_and_leaves_out_nothing_but_defaults() {
        let faults = [
            InjectedFault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDenied".into() },
            InjectedFault::Delay(Duration::from_millis(1_500)),
            InjectedFault::Hold,
            InjectedFault::Truncate(7),
            InjectedFault::KillAfter,
            InjectedFault::EngineStops(Duration::from_mins(1)),
            InjectedFault::EngineRestarts,
            InjectedFault::DiskFull,
        ];
        for fault in faults {
            let rule = Rule { after: 2, probability: 0.5, ..Rule::next("s3", "GetObject", "cat", fault) };
            let json = serde_json::to_value(&rule).unwrap();
            assert_eq!(serde_json::from_value::<Rule>(json.clone()).unwrap(), rule, "{json}");
        }
        let short = json!({"service": "sns", "fault": {"refuse": {"status": 500, "code": "InternalError"}}});
        let rule: Rule = serde_json::from_value(short).unwrap();
        assert_eq!((rule.times, rule.after, rule.probability.to_bits()), (usize::MAX, 0, 1.0_f64.to_bits()));
        assert!(rule.operation.is_empty() && rule.subject.is_empty());
    }

    #[test]
    fn a_rule_with_an_unknown_word_is_refused() {
        for wrong in [
            json!({"service": "s3", "fault": "explode"}),
            json!({"service": "s3", "fault": "hold", "time": 1}),
            json!({"service": "s3", "fault": "engine-stops-ms"}),
            json!({"service": "s3", "fault": {"disk-full": 1}}),
            json!({"service": "s3", "fault": {"refuse": {"status": 500, "code": "x", "body": ""}}}),
            json!({"service": "s3", "fault": {"refuse": {"status": 7, "code": "x"}}}),
            json!({"service": "s3"}),
        ] {
            assert!(serde_json::from_value::<Rule>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
